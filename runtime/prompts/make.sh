#!/bin/sh
# Makes the built-in prompts: speech by espeak-ng, tones by sox, both as raw 8 kHz µ-law.
# The same programs make the same bytes (no dither). Needs the Debian packages espeak-ng and sox. Run it in this folder; the results are committed.
set -eu
cd "$(dirname "$0")"
wav=$(mktemp --suffix=.wav)
trap 'rm -f "$wav"' EXIT
mkdir -p en/digits

# say NAME TEXT...: speech without silence at either end, at one loudness.
say() {
    name=$1
    shift
    espeak-ng -v en-us -s 155 -p 45 -w "$wav" "$*"
    sox -D "$wav" -t ul -r 8000 -c 1 "en/$name.ulaw" \
        highpass 120 silence 1 0.01 0.4% reverse silence 1 0.01 0.4% reverse norm -6 pad 0.02 0.06
}

for digit in 0:zero 1:one 2:two 3:three 4:four 5:five 6:six 7:seven 8:eight 9:nine \
    10:ten 11:eleven 12:twelve 13:thirteen 14:fourteen 15:fifteen 16:sixteen 17:seventeen 18:eighteen 19:nineteen \
    20:twenty 30:thirty 40:forty 50:fifty 60:sixty 70:seventy 80:eighty 90:ninety \
    hundred:hundred thousand:thousand million:million minus:minus star:star pound:pound; do
    say "digits/${digit%%:*}" "${digit#*:}"
done
say invalid "I am sorry, that is not a valid extension. Please try again."
say demo-echotest "This is an echo test. You will hear everything that you say. To end it, press the pound key, or hang up."
say demo-echodone "The echo test is over."
say demo-abouttotry "I will now try to reach that number."
say demo-nogo "That did not work."
say demo-thanks "Thank you for trying."
say transfer "One moment, please. Your call is being transferred."
say vm-goodbye "Goodbye."
say hello "Hello."
sox -D -n -t ul -r 8000 -c 1 en/beep.ulaw synth 0.2 sine 1000 fade 0.01 0.2 0.01 norm -12 pad 0 0.05
