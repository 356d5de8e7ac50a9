"""Intervals of scores of any kind, with both models on the same samples.

- `bounded_curve`: means of numbers between known ends, as shares of right answers are.
- `studentised_curves`: means of any other numbers, such as errors and losses.
- `replicated`: scores that are functions of weights of the samples, such as F1, AUC or RMSE.

Each answers with a `ConfidenceCurve` for the value after, the difference and the ratio. How often
intervals of 95 % cover these three, at 30, 100 and 400 samples, by the method chosen and by others
that were not; in 1000 simulations each, 333 of shares and 250 of the AUC, of which those without an
interval do not count::

                              method            30              100              400
    mean, normal              bootstrap-t .958 .945 .948  .954 .953 .952  .952 .953 .951
    mean, normal              bca         .957 .945 .942  .949 .951 .953  .956 .950 .949
    mean, log-normal          bootstrap-t .929 .895 .933  .950 .918 .934  .941 .940 .939
    mean, log-normal          bca         .907 .877 .907  .940 .906 .922  .935 .933 .935
    share of versions, 0.91   score       .970 .928 .928  .973 .970 .967  .964 .958 .958
    share of versions, 0.91   bootstrap-t .949 .916 .910  .952 .964 .961  .967 .952 .955
    share of versions, 0.91   bca         .946 .907 .907  .961 .967 .970  .967 .958 .961
    share of versions, 0.98   score       .967 .979 .976  .955 .961 .961  .952 .943 .943
    share of versions, 0.98   bootstrap-t .923 .902 .897  .952 .922 .919  .946 .946 .940
    share of versions, 0.98   bca         .862 .865 .880  .940 .913 .922  .937 .940 .940
    share, few changes        score       .967 .994 .991  .949 .955 .955  .919 .937 .934
    share, few changes        bootstrap-t .960 .147 .256  .964 .908 .917  .928 .949 .946
    share, few changes        bca         .985 .721 .718  .964 .925 .919  .919 .928 .934
    AUC, 0.80                 bca         .984 .916 .912  .980 .924 .920  .948 .948 .952
    mean IoU, 0.73            bca         .945 .953 .953  .951 .946 .948  .950 .949 .950
    RMSE, log-normal          bca         .907 .893 .906  .940 .915 .921  .934 .935 .935

Shares are those of 20 versions of a sample that are right; with few changes, all or none are, and
4 % of the samples change. Of a mean the bootstrap-t covers most where numbers are skewed; resamples
of shares miss the truth where hardly any sample is wrong or changes. With few samples of skewed
numbers nothing covers quite as often as it should.
"""
