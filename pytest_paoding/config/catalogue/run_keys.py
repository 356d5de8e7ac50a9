"""Settings of what goes in and out: models, data, published files, and the session around them."""

from __future__ import annotations

from pytest_paoding.config import values
from pytest_paoding.config.catalogue.keys import Key, Scope
from pytest_paoding.config.word_lists import some_of
from pytest_paoding.records.formats import KERAS, read_formats
from pytest_paoding.records.note import NOTE_KINDS
from pytest_paoding.records.text import quantities

_RUN, _MODEL = Scope.RUN, Scope.MODEL
_MOMENTS = ("test", "session")
_SIGNING = ("key", "sigstore")
_TRUSTED = ("any", "signed")

RUN_KEYS = (
    Key(
        name="formats",
        read=read_formats,
        default=(KERAS,),
        several=True,
        metavar="LIST",
        example='["keras", "tflite-int8"]',
        help="what models are published as, such as keras,tflite-float16,tflite-int8,"
        "savedmodel,onnx; the .keras file always is",
        meaning="What a model is published as, see [formats](formats.md).",
    ),
    Key(
        name="isolate",
        read=values.flag,
        default=False,
        flag=True,
        help="run gates in a child process, which keeps TensorFlow out of this one",
        meaning="Whether the gate runs in a [child process](ci.md#gates-in-a-child-process), which "
        "keeps TensorFlow out of the suite's. Where Keras has another backend it always does.",
    ),
    Key(
        name="timeout",
        read=quantities.seconds,
        metavar="SECONDS",
        example="600",
        help="seconds that a gate may take, or it is unjudged; implies --paoding-isolate",
        meaning="Seconds that the gate may take, at most a week (604800), or it is `UNJUDGED`. "
        "Implies `isolate`.",
    ),
    Key(
        name="memory",
        read=quantities.size,
        metavar="SIZE",
        example='"4 GB"',
        help="memory that the child process of a gate may take, such as 4GB, or it is unjudged;"
        " implies --paoding-isolate",
        meaning="Memory that the gate's child process may take, or it is `UNJUDGED`; TensorFlow "
        "alone takes about 0.6 GB. Implies `isolate`.",
    ),
    Key(
        name="artifacts",
        read=values.name,
        default="paoding-artifacts",
        path=True,
        scope=_RUN,
        metavar="DIR",
        example='"models/pruned"',
        help="folder models within budget are published in",
        meaning="Folder in which models within budget are published.",
    ),
    Key(
        name="baseline",
        read=values.name,
        path=True,
        scope=_RUN,
        metavar="PATH",
        example='"paoding-baseline.json"',
        help="file with what earlier runs have found",
        meaning="File with what earlier runs have found, see [baselines](ci.md#baselines).",
    ),
    Key(
        name="history",
        read=values.name,
        path=True,
        scope=_RUN,
        metavar="DIR",
        example='"paoding-history"',
        help="folder in which each run keeps a small file, for trends over the last runs",
        meaning="Folder in which each run keeps a small file, so that page, Markdown and job "
        "summary show [trends over the last runs](reports.md#trends).",
    ),
    Key(
        name="publish",
        read=values.one_of(_MOMENTS),
        default="test",
        words=_MOMENTS,
        scope=_RUN,
        help="publish after the test's teardown, or after the whole session passed",
        meaning='When: after the `"test"` and its teardown, or after the whole `"session"` has '
        "passed.",
    ),
    Key(
        name="cache",
        read=values.one_of(_TRUSTED),
        words=_TRUSTED,
        scope=_RUN,
        help="which kept results count: any, or those of this run and those signed with the key"
        " in PAODING_CACHE_KEY (default in CI)",
        meaning='Which kept results count: `"any"`, or only those of this run and those `"signed"` '
        "with the key in the environment variable `PAODING_CACHE_KEY`, as in CI by default. See "
        "[the cache in CI](ci.md#the-cache-in-ci).",
    ),
    Key(
        name="bom",
        read=values.flag,
        default=False,
        flag=True,
        scope=_RUN,
        help="publish a bill of materials (CycloneDX) with each model",
        meaning="Whether a [bill of materials](reports.md#provenance), in the format of CycloneDX, "
        "is published with each model.",
    ),
    Key(
        name="sign",
        read=values.one_of(_SIGNING),
        words=_SIGNING,
        scope=_RUN,
        help="sign what is published, with a key or by sigstore",
        meaning='[Signs](reports.md#provenance) what is published: with a `"key"` of yours, or by '
        '`"sigstore"` with the identity of the CI job.',
    ),
    Key(
        name="sign_key",
        read=values.name,
        path=True,
        scope=_RUN,
        metavar="PEM",
        example='"signing.pem"',
        help="file of the private key to sign with",
        meaning='File of the private key of `sign = "key"`: of an elliptic curve, in PEM.',
    ),
    Key(
        name="require",
        read=values.names,
        default=(),
        several=True,
        scope=_RUN,
        metavar="NAMES",
        example='["digits_cnn"]',
        help="gates that must run in a full session, or it fails",
        meaning="Names of gates. A full session in which one of them did not run fails.",
    ),
    Key(
        name="silence",
        read=some_of(tuple(NOTE_KINDS)),
        default=(),
        several=True,
        scope=_RUN,
        metavar="KINDS",
        example='["loose-limit"]',
        help=f"kinds of notes that are left out: {', '.join(NOTE_KINDS)}",
        meaning="Kinds of [notes](reports.md#notes) that are left out.",
    ),
    Key(
        name="junit_properties",
        read=values.flag,
        default=True,
        flag=True,
        scope=_RUN,
        help="let results become properties of the test cases in JUnit XML",
        meaning="Whether results become properties of the test cases in JUnit XML.",
    ),
    Key(
        name="path",
        read=values.name,
        needed=True,
        scope=_MODEL,
        example='"models/digits_cnn.keras"',
        help="the model, a .keras or .h5 file",
        meaning="The model, a `.keras` or `.h5` file.",
    ),
    Key(
        name="data",
        read=values.data,
        scope=_MODEL,
        example='"digits.data:holdout"',
        help="what returns the data to judge on",
        meaning="`package.module:callable` that returns what to judge on: `(x, y)` as arrays, "
        "lists or dicts by input and output name, a `tf.data.Dataset`, or an iterable of "
        "such batches, which may be larger than memory. Labels are class numbers or one- "
        "hot. Without data, only what needs none can be limited.",
    ),
)
