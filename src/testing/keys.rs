//! Every key of a test file, once: the reader checks by this table, the schema and the documentation are made from it.

use super::shape::{Entry, Keys, Shape, may, must};

/// The file.
pub(crate) static FILE: Shape = Shape::Map(&Keys {
    what: "a test file",
    keys: &[&[
        may(
            "dialplan",
            &Shape::Text,
            "The plan, beside this file. Without it: extensions.conf.",
        ),
        may(
            "peers",
            &Shape::List(&Shape::Text),
            "The files that name phones and trunks (pjsip.conf, sip.conf, users.conf). With it, an endpoint that they do not name is a mistake, and `from` finds the context and the variables of a phone.",
        ),
        may(
            "defaults",
            &DEFAULTS,
            "What counts for each test that says nothing else.",
        ),
        may(
            "endpoints",
            &ENDPOINTS,
            "What the phones and trunks do that the plan dials, for all tests.",
        ),
        must(
            "tests",
            &Shape::List(&TEST),
            "The tests, in the order in which they are reported.",
        ),
    ]],
    variables: None,
    hint: "",
});

static DEFAULTS: Shape = Shape::Map(&Keys {
    what: "the defaults",
    keys: &[SCENE],
    variables: None,
    hint: "",
});

/// What tests and defaults have in common.
static SCENE: &[Entry] = &[
    may(
        "context",
        &Shape::Text,
        "The context in which the number is dialled.",
    ),
    may(
        "from",
        &Shape::Text,
        "Who calls: a number, `\"Anna\" <1001>`, or a phone that `peers` names.",
    ),
    may(
        "at",
        &Shape::Moment,
        "When the call comes. Without it: Monday 2026-03-02 10:00.",
    ),
    may(
        "zone",
        &Shape::Zone,
        "The zone in which the exchange stands, as Europe/Paris; that of `at` where it names one.",
    ),
    may(
        "seed",
        &Shape::Number(u64::MAX),
        "Where random numbers begin.",
    ),
    may(
        "language",
        &Shape::Text,
        "The language of the caller's channel.",
    ),
    may(
        "variables",
        &NAMES,
        "Variables of the caller's channel before the first step.",
    ),
    may(
        "globals",
        &NAMES,
        "Global variables, in place of those of the plan.",
    ),
    may("database", &NAMES, "The database, by `family/key`."),
    may(
        "environment",
        &NAMES,
        "Variables of the environment, for ENV().",
    ),
    may(
        "sounds",
        &SOUNDS,
        "Prompts: how long they are, or `missing`. Without it each prompt is there and lasts a second.",
    ),
    may(
        "functions",
        &NAMES,
        "What functions answer that reach outside: `CURL(http://x)`, or `CURL` for all others.",
    ),
    may(
        "mailboxes",
        &Shape::List(&Shape::Text),
        "The mailboxes that there are: `1001`, `1001@sales`; [] for none. Without it those of voicemail.conf and users.conf beside the plan.",
    ),
];

static NAMES: Shape = Shape::Named(&Shape::Text);

static SOUNDS: Shape = Shape::Named(&Shape::Either(&[Shape::Text]));

static ENDPOINTS: Shape = Shape::Named(&ENDPOINT);

static ENDPOINT: Shape = Shape::Either(&[
    Shape::Phrase,
    PHONE,
    Shape::List(&Shape::Either(&[Shape::Phrase, PHONE])),
]);

pub(crate) const PHONE: Shape = Shape::Map(&Keys {
    what: "what a phone does",
    keys: &[&[
        may(
            "answers",
            &ANSWERS,
            "It rings, and somebody takes the call.",
        ),
        may("busy", &LATER, "It is busy."),
        may("never answers", &NOTHING, "It rings for ever."),
        may("declines", &LATER, "Somebody refuses the call."),
        may("unavailable", &LATER, "There is no way to reach it."),
        may("unregistered", &NOTHING, "It is not registered."),
        may("congested", &LATER, "There is no line to it."),
        may(
            "drops",
            &LATER,
            "It answers, and so long after that the line is lost.",
        ),
        may(
            "redirects",
            &REDIRECTS,
            "It sends the call elsewhere (302).",
        ),
        may(
            "calls at once",
            &Shape::Number(1_000),
            "It is busy for one call more than that.",
        ),
        may(
            "texts",
            &Shape::Number(699),
            "What it answers to a message: 200, or the status of a refusal.",
        ),
    ]],
    variables: None,
    hint: "",
});

static NOTHING: Shape = Shape::Map(&Keys {
    what: "an empty mapping",
    keys: &[],
    variables: None,
    hint: "",
});

static LATER: Shape = Shape::Map(&Keys {
    what: "a mapping with `after`",
    keys: &[&[may("after", &Shape::Duration, "How long that takes.")]],
    variables: None,
    hint: "",
});

static REDIRECTS: Shape = Shape::Map(&Keys {
    what: "a mapping with `to` and `after`",
    keys: &[&[
        must("to", &Shape::Text, "Where: a number."),
        may("after", &Shape::Duration, "How long it rings before."),
    ]],
    variables: None,
    hint: "",
});

static ANSWERS: Shape = Shape::Map(&Keys {
    what: "how a phone answers",
    keys: &[&[
        may(
            "after",
            &Shape::Duration,
            "How long it rings before; a second if nothing is said.",
        ),
        may(
            "hangs up",
            &Shape::Text,
            "How long it talks; 10 s if nothing is said, or `never`.",
        ),
        may(
            "then",
            &Shape::List(&PHONE_ACT),
            "What it does after it has answered, one after the other.",
        ),
    ]],
    variables: None,
    hint: "",
});

/// One thing that a phone does.
pub(crate) static PHONE_ACT: Shape = Shape::Either(&[
    Shape::Words(BARE_ACTS),
    Shape::Map(&Keys {
        what: "something that a phone does",
        keys: &[&[
            may("wait", &Shape::Duration, "It does nothing for so long."),
            may("talk", &Shape::Duration, "It talks for so long."),
            may("press", &Shape::Text, "It presses these keys."),
            may(
                "after prompt",
                &Shape::Text,
                "First it waits until this prompt has been played to it.",
            ),
            may(
                "during prompt",
                &Shape::Text,
                "First it waits until this prompt begins.",
            ),
            may("text", &Shape::Text, "It sends a text."),
            may(
                "transfer",
                &Shape::Text,
                "It sends the other side to this number (REFER).",
            ),
            may(
                "attended transfer",
                &Shape::Text,
                "It calls this number, and connects the other side with it.",
            ),
            may("hang up", &NOTHING, "It ends the call."),
            may("hold", &NOTHING, "It puts the call on hold."),
            may("unhold", &NOTHING, "It takes it back."),
        ]],
        variables: None,
        hint: "",
    }),
]);

const BARE_ACTS: &[(&str, &str)] = &[
    ("hang up", "It ends the call."),
    ("hold", "It puts the call on hold."),
    ("unhold", "It takes it back."),
];

/// One thing that a caller does.
pub(crate) static CALLER_ACT: Shape = Shape::Either(&[
    Shape::Words(BARE_ACTS),
    Shape::Map(&Keys {
        what: "something that a caller does",
        keys: &[&[
            may(
                "after",
                &Shape::Duration,
                "So long after what was done before.",
            ),
            may(
                "after prompt",
                &Shape::Text,
                "When this prompt has been played.",
            ),
            may("during prompt", &Shape::Text, "When this prompt begins."),
            may("at answer", &NOTHING, "When the call is answered."),
            may("press", &Shape::Text, "The caller presses these keys."),
            may("text", &Shape::Text, "The caller sends a text."),
            may(
                "transfer",
                &Shape::Text,
                "The caller sends the other side to this number.",
            ),
            may(
                "attended transfer",
                &Shape::Text,
                "The caller calls this number, and connects the other side with it.",
            ),
            may("hang up", &NOTHING, "The caller ends the call."),
            may("hold", &NOTHING, "The caller puts the call on hold."),
            may("unhold", &NOTHING, "The caller takes it back."),
        ]],
        variables: None,
        hint: "",
    }),
]);

/// When a caller hangs up whatever else it does.
static HANGS_UP: Shape = Shape::Either(&[
    Shape::Duration,
    Shape::Map(&Keys {
        what: "when the caller hangs up",
        keys: &[&[must(
            "at effect",
            &Shape::Number(u32::MAX as u64),
            "While the exchange does this for the call, from 0: a Dial, a prompt, a wait, a look into the database count as one each.",
        )]],
        variables: None,
        hint: "",
    }),
]);

/// A test.
pub(crate) static TEST: Shape = Shape::Map(&Keys {
    what: "a test",
    keys: &[
        WORLD,
        &[must(
            "expect",
            &EXPECT,
            "What must be so when the call is over.",
        )],
        SCENE,
    ],
    variables: None,
    hint: "",
});

/// A `test` of a `.dial` file: what it expects is said there otherwise.
pub(crate) static BLOCK: Shape = Shape::Map(&Keys {
    what: "a test",
    keys: &[WORLD, SCENE],
    variables: None,
    hint: "",
});

/// Who calls in a test, and what phones do.
static WORLD: &[Entry] = &[
    must("name", &Shape::Text, "What is meant, in words."),
    may(
        "dial",
        &Shape::List(&Shape::Text),
        "The number that is dialled; of several, one call after the other in a fresh world each.",
    ),
    may(
        "message",
        &MESSAGE,
        "A text outside any call, in the place of a call.",
    ),
    may("messages", &Shape::List(&MESSAGE), "Several of them."),
    may(
        "calls",
        &Shape::List(&CALL),
        "Several calls at once, in the place of `dial`.",
    ),
    may(
        "with",
        &ENDPOINTS,
        "What phones and trunks do in this test.",
    ),
    may("endpoints", &ENDPOINTS, "The same by another word."),
    may(
        "press",
        &Shape::Text,
        "Keys that the caller presses, one whenever one is waited for.",
    ),
    may(
        "does",
        &Shape::List(&CALLER_ACT),
        "What the caller does, one after the other.",
    ),
    may(
        "hangs up",
        &HANGS_UP,
        "When the caller hangs up whatever else it does: so long after its call began.",
    ),
];

static MESSAGE: Shape = Shape::Map(&Keys {
    what: "a message",
    keys: &[&[
        must(
            "to",
            &Shape::Text,
            "Where it goes: `sip:1002@pbx`, or a number.",
        ),
        must(
            "from",
            &Shape::Text,
            "Who sends it: `<sip:1001@pbx>`, or a number.",
        ),
        may("body", &Shape::Text, "Its text."),
        may("context", &Shape::Text, "The context in which it enters."),
        may(
            "after",
            &Shape::Duration,
            "How long after the beginning it is sent.",
        ),
    ]],
    variables: None,
    hint: "",
});

static CALL: Shape = Shape::Map(&Keys {
    what: "a call",
    keys: &[CALL_KEYS],
    variables: None,
    hint: "",
});

/// What is said of one of several calls.
pub(crate) static CALL_KEYS: &[Entry] = &[
    must("dial", &Shape::Text, "The number that is dialled."),
    may(
        "after",
        &Shape::Duration,
        "How long after the beginning it comes.",
    ),
    may(
        "context",
        &Shape::Text,
        "The context in which the number is dialled.",
    ),
    may("from", &Shape::Text, "Who calls."),
    may(
        "language",
        &Shape::Text,
        "The language of the caller's channel.",
    ),
    may(
        "variables",
        &NAMES,
        "Variables of the caller's channel before the first step.",
    ),
    may(
        "press",
        &Shape::Text,
        "Keys that the caller presses, one whenever one is waited for.",
    ),
    may(
        "does",
        &Shape::List(&CALLER_ACT),
        "What the caller does, one after the other.",
    ),
    may(
        "hangs up",
        &HANGS_UP,
        "When the caller hangs up whatever else it does: so long after its call began.",
    ),
    may("expect", &EXPECT, "What must be so of this call."),
];

/// What is expected.
static EXPECT: Shape = Shape::Map(&Keys {
    what: "an expectation",
    keys: &[&[
        may(
            "path",
            &WANTS,
            "The steps that ran, in order: `Dial`, `Dial(SIP/61,20)` or `office,61,1`; `...` stands for any number of others.",
        ),
        may(
            "dialed",
            &WANTS,
            "The endpoints that were called, in order; [] for none.",
        ),
        may("never dialed", &WANTS, "Endpoints that were not called."),
        may(
            "heard",
            &WANTS,
            "The prompts that the caller heard, in order; [] for silence.",
        ),
        may(
            "never heard",
            &WANTS,
            "Prompts that the caller did not hear.",
        ),
        may(
            "phones",
            &Shape::Named(&PHONE_WANTED),
            "What came to phones, by their names as they are dialled: `PJSIP/61`.",
        ),
        may(
            "said",
            &WANTS,
            "What was spelled or counted, in order: `1009`.",
        ),
        may(
            "texts",
            &WANTS,
            "Texts that were sent within the call, in order.",
        ),
        may(
            "messages",
            &Shape::List(&Shape::Either(&[
                Shape::Words(&[("...", "Any number of others.")]),
                Shape::Map(&SENT),
            ])),
            "Messages that were sent, in order; [] for none.",
        ),
        may(
            "voicemail",
            &Shape::List(&Shape::Either(&[Shape::Want, Shape::Map(&MAIL)])),
            "Messages that were left in mailboxes, in order: the mailbox alone, or more of it; [] for none.",
        ),
        may("cdr", &CDR, "The record of the call."),
        may(
            "time",
            &Shape::Want,
            "How long the call took, from its first step to its end.",
        ),
        may(
            "logs",
            &WANTS,
            "Lines of the log, each of which must be there.",
        ),
        may("never logged", &WANTS, "Lines that must not be there."),
        may(
            "cause",
            &Shape::Want,
            "The hangup cause, as a number or by its name: 17 or USER_BUSY.",
        ),
        may("reason", &Shape::Words(REASONS), "How the call ended."),
        may("answered", &Shape::Flag, "Whether the call was answered."),
        may(
            "variables",
            &Shape::Named(&Shape::Want),
            "Variables at the end of the call, whatever their names.",
        ),
        may(
            "globals",
            &Shape::Named(&Shape::Want),
            "Global variables at the end.",
        ),
        may(
            "database",
            &Shape::Named(&Shape::Want),
            "The database at the end, by `family/key`.",
        ),
        may(
            "snapshot",
            &Shape::Either(&[Shape::Flag]),
            "The whole trace is as it was when it was accepted (`strowger test --accept`).",
        ),
    ]],
    variables: Some(&Shape::Want),
    hint: "a variable with small letters in its name stands below `variables:`",
});

static WANTS: Shape = Shape::List(&Shape::Want);

/// What is expected of a phone.
static PHONE_WANTED: Shape = Shape::Map(&Keys {
    what: "what came to a phone",
    keys: &[&[
        may(
            "heard",
            &WANTS,
            "The prompts that a called phone heard from its own channel (options A, U, M, F, G of Dial), in order.",
        ),
        may(
            "keys",
            &Shape::Want,
            "The keys that came to it, from the other side or by option D of Dial, in one text: `12#`.",
        ),
        may(
            "path",
            &WANTS,
            "The steps that ran on a called phone's channel, in order.",
        ),
    ]],
    variables: None,
    hint: "",
});

/// How a call may end.
pub(crate) const REASONS: &[(&str, &str)] = &[
    ("not found", "Nothing answers the number: 404."),
    ("hung up", "The plan, or a party, ended the call."),
    ("busy", "The caller was refused as busy."),
    ("congestion", "The caller was refused for want of a line."),
    ("stalled", "The call would still be there."),
    (
        "fault",
        "The plan was stopped: it did more than a call may do.",
    ),
];

static SENT: Keys = Keys {
    what: "a message",
    keys: &[&[
        may(
            "to",
            &Shape::Want,
            "Where it went: the address, or what stands before its @.",
        ),
        may("from", &Shape::Want, "Who it was from."),
        may("body", &Shape::Want, "Its text."),
        may("status", &Shape::Want, "SUCCESS or FAILURE."),
    ]],
    variables: None,
    hint: "",
};

static MAIL: Keys = Keys {
    what: "a message in a mailbox",
    keys: &[&[
        may(
            "mailbox",
            &Shape::Want,
            "Whose: `1001`, or with its context, `1001@default`.",
        ),
        may(
            "greeting",
            &Shape::Words(GREETINGS),
            "What the caller was told before.",
        ),
        may("length", &Shape::Want, "How long it is: `\">= 5s\"`."),
    ]],
    variables: None,
    hint: "",
};

/// What a caller may be told before a message is left.
pub(crate) const GREETINGS: &[(&str, &str)] = &[
    ("none", "Nothing of the owner."),
    ("busy", "The owner is on the phone."),
    ("unavailable", "The owner is not available."),
];

static CDR: Shape = Shape::Map(&Keys {
    what: "the record of a call",
    keys: &[&[
        may(
            "disposition",
            &Shape::Want,
            "ANSWERED, NO ANSWER, BUSY, FAILED.",
        ),
        may(
            "duration",
            &Shape::Want,
            "From its beginning to its end, in seconds.",
        ),
        may(
            "billsec",
            &Shape::Want,
            "From its answer to its end, in seconds.",
        ),
    ]],
    variables: None,
    hint: "",
});
