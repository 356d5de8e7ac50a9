"""Work in a child process: the methods of an engine, carried out where nothing else can be hurt.

Between both go lines of JSON, arrays as `.npy` files, models as `.keras` files; never a pickle. The
child is a process of this package's own, started by the gate's and ended with it.
"""
