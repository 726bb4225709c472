#!/usr/bin/env python3
"""A scripted phone on pjsua2, the stack inside MicroSIP and CSipSimple.

Reads one command a line on standard input, prints one event a line:
  register | unregister | call URI | answer | hold | unhold | hangup | text URI BODY | tone HZ | record FILE | digits 123 | quit
Events: ready PORT, registered CODE, incoming URI, state NAME CODE, media, text FROM BODY, text-status CODE, error WORDS
usage: pjsua2_phone.py --user U --password P --server HOST:PORT [--tcp] [--bind 127.0.0.1] [--realm asterisk]
"""
import argparse, sys, threading, queue
import pjsua2 as pj

ap = argparse.ArgumentParser()
ap.add_argument("--user", required=True)
ap.add_argument("--auth", default=None)
ap.add_argument("--password", required=True)
ap.add_argument("--server", required=True)
ap.add_argument("--bind", default="127.0.0.1")
ap.add_argument("--tcp", action="store_true")
ap.add_argument("--log", type=int, default=0)
asked = ap.parse_args()
suffix = ";transport=tcp" if asked.tcp else ""


def say(*words):
    print(*words, flush=True)


class Call(pj.Call):
    def __init__(self, account, call_id=pj.PJSUA_INVALID_ID):
        pj.Call.__init__(self, account, call_id)
        self.audio = None

    def onCallState(self, prm):
        info = self.getInfo()
        say("state", info.stateText, info.lastStatusCode)

    def onCallMediaState(self, prm):
        info = self.getInfo()
        for i, m in enumerate(info.media):
            if m.type == pj.PJMEDIA_TYPE_AUDIO and m.status in (pj.PJSUA_CALL_MEDIA_ACTIVE, pj.PJSUA_CALL_MEDIA_REMOTE_HOLD, pj.PJSUA_CALL_MEDIA_LOCAL_HOLD):
                names = {pj.PJSUA_CALL_MEDIA_ACTIVE: "active", pj.PJSUA_CALL_MEDIA_REMOTE_HOLD: "held", pj.PJSUA_CALL_MEDIA_LOCAL_HOLD: "holding"}
                if m.status == pj.PJSUA_CALL_MEDIA_ACTIVE:
                    self.audio = self.getAudioMedia(i)
                    wire_up(self.audio)
                say("media", names[m.status])

    def onDtmfDigit(self, prm):
        say("digit", prm.digit)

    def onInstantMessage(self, prm):
        say("text", prm.fromUri, prm.msgBody)


class Account(pj.Account):
    def onRegState(self, prm):
        say("registered", prm.code, prm.expiration)

    def onIncomingCall(self, prm):
        global call
        call = Call(self, prm.callId)
        say("incoming", call.getInfo().remoteUri)
        ring = pj.CallOpParam()
        ring.statusCode = 180
        call.answer(ring)

    def onInstantMessage(self, prm):
        say("text", prm.fromUri, prm.msgBody)

    def onInstantMessageStatus(self, prm):
        say("text-status", prm.code)


call = None
tone = None
recorder = None


def wire_up(audio):
    if tone:
        tone.startTransmit(audio)
    if recorder:
        audio.startTransmit(recorder)


ep = pj.Endpoint()
ep.libCreate()
cfg = pj.EpConfig()
cfg.uaConfig.threadCnt = 0
cfg.uaConfig.mainThreadOnly = True
cfg.logConfig.level = asked.log
cfg.logConfig.consoleLevel = asked.log
cfg.medConfig.clockRate = 8000
cfg.medConfig.noVad = True
cfg.medConfig.ecTailLen = 0
ep.libInit(cfg)
ep.audDevManager().setNullDev()
tcfg = pj.TransportConfig()
tcfg.port = 0
tcfg.boundAddress = asked.bind
tid = ep.transportCreate(pj.PJSIP_TRANSPORT_TCP if asked.tcp else pj.PJSIP_TRANSPORT_UDP, tcfg)
ep.libStart()
acfg = pj.AccountConfig()
acfg.idUri = "sip:%s@%s" % (asked.user, asked.server.split(":")[0])
acfg.regConfig.registrarUri = "sip:%s%s" % (asked.server, suffix)
acfg.regConfig.registerOnAdd = False
acfg.sipConfig.transportId = tid
acfg.mediaConfig.transportConfig.boundAddress = asked.bind
acfg.sipConfig.authCreds.append(pj.AuthCredInfo("digest", "*", asked.auth or asked.user, 0, asked.password))
account = Account()
account.create(acfg)

lines = queue.Queue()


def reader():
    for line in sys.stdin:
        lines.put(line.strip())
    lines.put("quit")


threading.Thread(target=reader, daemon=True).start()
say("ready", ep.transportGetInfo(tid).localName)


def obey(line):
    global call, tone, recorder
    verb, _, rest = line.partition(" ")
    if verb == "register":
        account.setRegistration(True)
    elif verb == "unregister":
        account.setRegistration(False)
    elif verb == "call":
        call = Call(account)
        call.makeCall(rest, pj.CallOpParam(True))
    elif verb == "answer":
        prm = pj.CallOpParam()
        prm.statusCode = 200
        call.answer(prm)
    elif verb == "decline":
        prm = pj.CallOpParam()
        prm.statusCode = 486
        call.answer(prm)
    elif verb == "hold":
        call.setHold(pj.CallOpParam(True))
    elif verb == "unhold":
        prm = pj.CallOpParam(True)
        prm.opt.flag = pj.PJSUA_CALL_UNHOLD
        call.reinvite(prm)
    elif verb == "hangup":
        call.hangup(pj.CallOpParam())
    elif verb == "digits":
        call.dialDtmf(rest)
    elif verb == "text":
        uri, _, body = rest.partition(" ")
        buddy_cfg = pj.BuddyConfig()
        buddy_cfg.uri = uri
        buddy = pj.Buddy()
        buddy.create(account, buddy_cfg)
        prm = pj.SendInstantMessageParam()
        prm.content = body
        buddy.sendInstantMessage(prm)
        obey.kept.append(buddy)
    elif verb == "tone":
        tone = pj.ToneGenerator()
        tone.createToneGenerator(8000)
        t = pj.ToneDesc()
        t.freq1, t.freq2, t.on_msec, t.off_msec = int(rest), 0, 1000, 0
        v = pj.ToneDescVector()
        v.append(t)
        tone.play(v, True)
        if call and call.audio:
            tone.startTransmit(call.audio)
    elif verb == "record":
        recorder = pj.AudioMediaRecorder()
        recorder.createRecorder(rest)
        if call and call.audio:
            call.audio.startTransmit(recorder)
    elif verb == "stoprecord":
        recorder = None
        say("recorded")
    elif verb == "quit":
        return False
    return True


obey.kept = []
running = True
while running:
    ep.libHandleEvents(20)
    try:
        while running:
            line = lines.get_nowait()
            if line:
                try:
                    running = obey(line)
                except Exception as fault:
                    say("error", str(fault).replace("\n", " "))
    except queue.Empty:
        pass
sys.stdout.flush()
import os
os._exit(0)
