//! Tones that callers know by heart, made and measured.

use std::f32::consts::TAU;

use super::order::Heard;
use super::{Codec, FRAME, Frame, Frames, Next, RATE, dtmf};

/// A tone to be played. Cadences are those of the North American plan, Asterisk's default zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// It rings at the far end: 440 + 480 Hz, 2 s on, 4 s off.
    Ringing,
    /// Busy: 480 + 620 Hz, 0.5 s on, 0.5 s off.
    Busy,
    /// No way through: 480 + 620 Hz, 0.25 s on, 0.25 s off.
    Congestion,
    /// Dial: 350 + 440 Hz without a pause.
    Dial,
    /// One frequency in Hz, without a pause.
    Sine(u16),
    /// The two frequencies of a key (0-9, *, #, A-D; anything else is silence), without a pause.
    Key(u8),
}

/// Loudness of each of two frequencies, and of a single one: -13 and -10 dB below full scale.
const PAIR: f32 = 7_336.0;
const SINGLE: f32 = 10_362.0;

/// Rows and columns of a telephone's keys (ITU-T Q.23), in Hz.
pub const ROWS: [u16; 4] = [697, 770, 852, 941];
/// See [`ROWS`].
pub const COLUMNS: [u16; 4] = [1_209, 1_336, 1_477, 1_633];
/// The keys, row by row.
pub const KEYPAD: &[u8; 16] = b"123A456B789C*0#D";

impl Tone {
    /// Its frequencies (0: none), and the samples that it sounds and rests (0 rest: no pause).
    fn shape(self) -> ([u16; 2], u32, u32) {
        let ms = |n: u32| n * RATE / 1_000;
        match self {
            Tone::Ringing => ([440, 480], ms(2_000), ms(4_000)),
            Tone::Busy => ([480, 620], ms(500), ms(500)),
            Tone::Congestion => ([480, 620], ms(250), ms(250)),
            Tone::Dial => ([350, 440], 1, 0),
            Tone::Sine(hertz) => ([hertz, 0], 1, 0),
            Tone::Key(key) => {
                let pair = KEYPAD
                    .iter()
                    .position(|&k| k == key.to_ascii_uppercase())
                    .map(|n| [ROWS[n / 4], COLUMNS[n % 4]]);
                (pair.unwrap_or([0, 0]), 1, 0)
            }
        }
    }

    /// The tone of an event number.
    pub(super) fn of_event(event: u8) -> Tone {
        Tone::Key(dtmf::digit(event).unwrap_or(b' '))
    }
}

/// Makes a tone, frame by frame, without an end.
#[derive(Clone, Debug)]
pub struct Generator {
    tone: Tone,
    sample: u32,
}

impl Generator {
    /// From its beginning.
    pub fn new(tone: Tone) -> Generator {
        Generator { tone, sample: 0 }
    }

    /// The next 20 ms.
    pub fn frame(&mut self) -> Frame {
        let ([low, high], on, off) = self.tone.shape();
        let loudness = if high == 0 { SINGLE } else { PAIR };
        let sine = |hertz: u16, n: u32| {
            // Whole turns are cut off before the float: the phase stays exact for days.
            let turn = (u64::from(n) * u64::from(hertz) % u64::from(RATE)) as f32 / RATE as f32;
            (turn * TAU).sin()
        };
        let mut frame = [0; FRAME];
        for sample in &mut frame {
            let n = self.sample;
            if off == 0 || n % (on + off) < on {
                *sample = (loudness * (sine(low, n) + sine(high, n))) as i16;
            }
            self.sample = self.sample.wrapping_add(1);
        }
        frame
    }
}

impl Frames for Generator {
    fn next(&mut self) -> Next {
        Next::Frame(Box::new(self.frame()))
    }
}

/// The energy of one frequency (Goertzel), as the mean square of a sine of that frequency: comparable with [`energy`].
pub fn power(samples: &[i16], hertz: f32) -> f32 {
    if samples.is_empty() {
        return 0.0;
    }
    let coefficient = 2.0 * (TAU * hertz / RATE as f32).cos();
    let (mut last, mut before) = (0.0_f32, 0.0_f32);
    for &sample in samples {
        let next = f32::from(sample) + coefficient * last - before;
        (before, last) = (last, next);
    }
    let n = samples.len() as f32;
    (last * last + before * before - coefficient * last * before) * 2.0 / (n * n)
}

/// The mean square of all samples.
pub fn energy(samples: &[i16]) -> f32 {
    if samples.is_empty() {
        return 0.0;
    }
    samples
        .iter()
        .map(|&s| f32::from(s) * f32::from(s))
        .sum::<f32>()
        / samples.len() as f32
}

/// What there is to hear: loudness of it all; of its loudest tenth of a second the strongest frequency, exact to about a
/// hertz for a pure tone.
pub fn measure(samples: &[i16]) -> Heard {
    const WINDOW: usize = 800;
    const STEP: f32 = 10.0; // the width of one bin of a window
    let loudest = samples
        .chunks(WINDOW)
        .max_by(|a, b| energy(a).total_cmp(&energy(b)))
        .unwrap_or_default();
    let all = energy(loudest);
    let full_scale = f32::from(i16::MAX) * f32::from(i16::MAX) / 2.0;
    let mut heard = Heard {
        samples: samples.len(),
        level: (10.0 * (energy(samples) / full_scale).log10()).max(-96.0),
        hertz: 0.0,
        purity: 0.0,
    };
    if all < 1.0 {
        heard.level = heard.level.max(-96.0);
        return heard;
    }
    let strongest = |from: f32, to: f32, step: f32| {
        let steps = ((to - from) / step) as u32;
        (0..=steps)
            .map(|n| from + n as f32 * step)
            .map(|hertz| (power(loudest, hertz), hertz))
            .max_by(|a, b| a.0.total_cmp(&b.0))
    };
    let coarse = strongest(50.0, 3_900.0, STEP / 2.0).map_or(0.0, |(_, hertz)| hertz);
    if let Some((power, hertz)) = strongest(coarse - STEP / 2.0, coarse + STEP / 2.0, 0.5) {
        (heard.hertz, heard.purity) = (hertz, (power / all).min(1.0));
    }
    heard
}

/// Decodes a payload and appends it.
pub(super) fn decode(codec: Codec, payload: &[u8], samples: &mut Vec<i16>) {
    samples.extend(payload.iter().map(|&b| codec.decode(b)));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn samples(tone: Tone, frames: usize) -> Vec<i16> {
        let mut generator = Generator::new(tone);
        (0..frames).flat_map(|_| generator.frame()).collect()
    }

    #[test]
    fn a_tone_is_known_again_after_either_law() {
        for hertz in [350, 440, 697, 1_000, 1_633, 3_100] {
            for codec in Codec::ALL {
                let heard: Vec<i16> = samples(Tone::Sine(hertz), 50)
                    .into_iter()
                    .map(|s| codec.decode(codec.encode(s)))
                    .collect();
                let heard = measure(&heard);
                assert!(
                    (heard.hertz - f32::from(hertz)).abs() <= 1.0,
                    "{hertz} {codec:?} {heard:?}"
                );
                assert!(heard.purity > 0.99, "{hertz} {codec:?} {heard:?}");
                assert!(
                    (heard.level + 10.0).abs() < 0.2,
                    "{hertz} {codec:?} {heard:?}"
                );
            }
        }
    }

    #[test]
    fn a_tone_that_passed_both_laws_is_still_itself() {
        let mut bytes: Vec<u8> = samples(Tone::Sine(440), 50)
            .into_iter()
            .map(|s| Codec::Pcmu.encode(s))
            .collect();
        Codec::Pcmu.convert(Codec::Pcma, &mut bytes);
        Codec::Pcma.convert(Codec::Pcmu, &mut bytes);
        let mut heard = Vec::new();
        decode(Codec::Pcmu, &bytes, &mut heard);
        let heard = measure(&heard);
        assert!(
            (heard.hertz - 440.0).abs() <= 1.0 && heard.purity > 0.98,
            "{heard:?}"
        );
    }

    #[test]
    fn silence_and_noise_are_no_tones() {
        let silence = measure(&[0; 8_000]);
        assert_eq!(
            (silence.hertz, silence.purity, silence.level),
            (0.0, 0.0, -96.0)
        );
        assert_eq!(measure(&[]).samples, 0);
        let mut seed = 1_u32;
        let noise: Vec<i16> = (0..8_000)
            .map(|_| {
                seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                (seed >> 18) as i16 - 8_192
            })
            .collect();
        assert!(measure(&noise).purity < 0.1);
    }

    #[test]
    fn cadences_sound_and_rest() {
        let busy = samples(Tone::Busy, 100);
        let second = RATE as usize;
        assert!(energy(&busy[..second / 2]) > 1e6);
        assert_eq!(energy(&busy[second / 2..second]), 0.0);
        assert!(energy(&busy[second..second * 3 / 2]) > 1e6);
        for (hertz, there) in [(480.0, true), (620.0, true), (550.0, false)] {
            assert_eq!(power(&busy[..second / 2], hertz) > 1e6, there, "{hertz}");
        }
        let ringing = samples(Tone::Ringing, 300);
        assert!(energy(&ringing[..2 * second]) > 1e6);
        assert_eq!(energy(&ringing[2 * second..]), 0.0);
    }

    #[test]
    fn no_tone_is_clipped() {
        for tone in [
            Tone::Ringing,
            Tone::Busy,
            Tone::Dial,
            Tone::Sine(1_000),
            Tone::Key(b'5'),
        ] {
            let loudest = samples(tone, 50)
                .into_iter()
                .map(|s| i32::from(s).abs())
                .max()
                .unwrap();
            assert!((8_000..32_000).contains(&loudest), "{tone:?} {loudest}");
        }
    }
}
