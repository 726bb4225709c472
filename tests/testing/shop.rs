//! A small plan with a menu, hours and two phones, and tests of it: some pass, some fail.

/// The plan.
pub(crate) const PLAN: &str = "; A small shop.
[globals]
RING=20

[office]
; Colleagues.
exten => _10XX,1,Dial(PJSIP/${EXTEN},${RING})
 same => n,GotoIf($[\"${DIALSTATUS}\" = \"BUSY\"]?busy)
 same => n,Playback(vm-nobodyavail)
 same => n,Hangup()
 same => n(busy),Playback(vm-isonphone)
 same => n,Hangup(17)
; The clerk has an own line.
exten => 1009,1,Dial(PJSIP/clerk,30)
 same => n,Congestion(5)
; The shop is open on week days.
exten => 200,1,Answer()
 same => n,GotoIfTime(9:00-17:00,mon-fri,*,*?menu,s,1)
 same => n,Playback(closed)
 same => n,Hangup()

[menu]
exten => s,1,Background(welcome)
 same => n,WaitExten(5)
exten => 1,1,Goto(office,1001,1)
exten => 2,1,Goto(office,1009,1)
exten => t,1,Playback(vm-goodbye)
 same => n,Hangup()
exten => i,1,Playback(invalid)
 same => n,Goto(s,1)
";

/// What the tests have in common.
const HEAD: &str = "defaults: { context: office, from: \"1001\", at: \"2026-03-02 10:00\" }

endpoints:
  PJSIP/1001: answers after 2s, hangs up after 30s
  PJSIP/1002: busy
  PJSIP/1003: never answers

tests:
";

const GOOD: &str = "  - name: a colleague answers
    dial: \"1001\"
    expect: { DIALSTATUS: ANSWER, time: \">= 30s\" }

  - name: the shop is open
    dial: \"200\"
    does: [{ after: 3s, press: \"9\" }]
    expect:
      path: [Answer, GotoIfTime, Background, WaitExten, Playback, Goto, ...]
      heard: [welcome, invalid, welcome, vm-goodbye]
";

const BAD: &str = "
  - name: a busy colleague
    dial: \"1002\"
    expect:
      path: [Dial, GotoIf, Playback, Hangup]
      heard: [vm-nobodyavail]
      cause: 16

  - name: nobody answers
    dial: \"1003\"
    expect:
      DIALSTATUS: NOANSWER
      time: \"< 10s\"

  - name: the clerk
    dial: \"1009\"
    expect: { dialed: [PJSIP/clerk] }

  - name: it's closed; a \"long\" way
    dial: \"200\"
    at: \"2026-03-01 10:00\"
    expect:
      path: [Answer, GotoIfTime, Background, WaitExten, Playback, Goto, Background, WaitExten, Playback, Hangup]
";

/// Tests that pass.
pub(crate) fn good() -> String {
    format!("{HEAD}{GOOD}")
}

/// The same, and some that fail.
pub(crate) fn mixed() -> String {
    format!("{HEAD}{GOOD}{BAD}")
}
