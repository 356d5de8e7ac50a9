"""Reading a model: its calls, the labels on its positions, and what must leave together.

The words, one meaning each:

label: integer on every position of an axis that could shrink.
class: labels that have been joined; pinned if any of them may not leave.
unit: a class that a layer issues, such as a channel, a neuron or a head; it goes or stays whole.
group: the units with the same producers, among which a strategy chooses.
quorum: units of a group that must keep at least one member, so that no array is emptied.
producer: a layer that issues units, in one of its roles (`units`, `heads`, `values`).
reader: a call that sums over units: a contracted axis of its kernel has their labels.
sites: positions of a group's units on one weight axis.
delegate, nominee: the unit that takes over, and the unit that goes, in a pair of one group.
twin: the model with affine maps that give each normalisation the statistics it recorded.
wave: one run of all calls, in order, on chunks of inputs.
"""
