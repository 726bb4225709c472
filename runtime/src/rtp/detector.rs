//! Digits as tones inside the audio (ITU-T Q.23, Q.24), for phones that send no events.

use std::time::Duration;

use super::tone::{COLUMNS, KEYPAD, ROWS, energy, power};

/// Samples in one block: 12.75 ms. A digit of the shortest legal length (40 ms) fills at least two blocks, and so does the
/// shortest legal pause.
const BLOCK: usize = 102;
/// Blocks that must agree before a digit begins or ends.
const AGREE: u32 = 2;
/// Mean square below which nothing is looked for: about -42 dB below full scale.
const QUIET: f32 = 33_000.0;
/// The part of the energy that must lie in the two tones; a frequency 1.5 % off loses up to a quarter of its power here.
const PURE: f32 = 0.75;
/// A tone must be so much stronger than the others of its group.
const PEAK: f32 = 6.3;
/// Columns may be louder than rows by 4 dB, rows louder than columns by 8 dB.
const COLUMN_OVER_ROW: f32 = 2.5;
const ROW_OVER_COLUMN: f32 = 6.3;

/// Listens to one direction of audio.
#[derive(Debug)]
pub struct Detector {
    block: Vec<i16>,
    /// What the last blocks said, and how many of them in a row.
    last: (Option<u8>, u32),
    /// The digit that sounds, and its blocks until now.
    sounding: Option<(u8, u32)>,
}

impl Default for Detector {
    fn default() -> Detector {
        Detector {
            block: Vec::with_capacity(BLOCK),
            last: (None, 0),
            sounding: None,
        }
    }
}

impl Detector {
    /// More audio. `tell` gets each digit and its length when it ends.
    pub fn hear(&mut self, samples: &[i16], mut tell: impl FnMut(u8, Duration)) {
        for &sample in samples {
            self.block.push(sample);
            if self.block.len() == BLOCK {
                let key = key(&self.block);
                self.block.clear();
                self.judge(key, &mut tell);
            }
        }
    }

    fn judge(&mut self, key: Option<u8>, tell: &mut impl FnMut(u8, Duration)) {
        self.last = if self.last.0 == key {
            (key, self.last.1.saturating_add(1))
        } else {
            (key, 1)
        };
        let sure = self.last.1 >= AGREE;
        match &mut self.sounding {
            Some((digit, blocks)) if key == Some(*digit) => *blocks += 1,
            Some((digit, blocks)) if sure => {
                tell(
                    *digit,
                    Duration::from_micros(u64::from(*blocks) * BLOCK as u64 * 125),
                );
                self.sounding = key.map(|k| (k, AGREE));
            }
            None if sure => self.sounding = key.map(|k| (k, AGREE)),
            Some(_) | None => {}
        }
    }
}

/// The key whose two tones make up this block.
fn key(block: &[i16]) -> Option<u8> {
    let all = energy(block);
    if all < QUIET {
        return None;
    }
    let (row, low) = strongest(block, &ROWS)?;
    let (column, high) = strongest(block, &COLUMNS)?;
    let pure = low + high > PURE * all;
    let balanced = high < COLUMN_OVER_ROW * low && low < ROW_OVER_COLUMN * high;
    (pure && balanced).then(|| KEYPAD[row * 4 + column])
}

/// The tone of a group that stands out, and its power.
fn strongest(block: &[i16], group: &[u16; 4]) -> Option<(usize, f32)> {
    let powers = group.map(|hertz| power(block, f32::from(hertz)));
    let (best, &most) = powers
        .iter()
        .enumerate()
        .max_by(|a, b| a.1.total_cmp(b.1))?;
    powers
        .iter()
        .enumerate()
        .all(|(n, &p)| n == best || most > PEAK * p)
        .then_some((best, most))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rtp::Codec;

    /// Keys of `on` ms with pauses of `off` ms, each frequency wrong by `off_pitch`, rows louder than columns by `twist` dB.
    fn keys(keys: &[u8], on: usize, off: usize, off_pitch: f32, twist: f32) -> Vec<i16> {
        let mut audio = vec![0_i16; 137]; // blocks never begin with the key
        for key in keys {
            let at = KEYPAD.iter().position(|k| k == key).unwrap();
            let (row, column) = (
                f32::from(ROWS[at / 4]) * off_pitch,
                f32::from(COLUMNS[at % 4]) * off_pitch,
            );
            let louder = 10_f32.powf(twist / 40.0);
            for n in 0..on * 8 {
                let turn = std::f32::consts::TAU * n as f32 / 8_000.0;
                let sample =
                    6_000.0 * (louder * (turn * row).sin() + (turn * column).sin() / louder);
                audio.push(Codec::Pcma.decode(Codec::Pcma.encode(sample as i16)));
            }
            audio.extend(std::iter::repeat_n(0, off * 8));
        }
        audio.extend([0; 1_000]);
        audio
    }

    fn heard(audio: &[i16]) -> String {
        let (mut detector, mut heard) = (Detector::default(), String::new());
        for part in audio.chunks(160) {
            detector.hear(part, |digit, _| heard.push(digit.into()));
        }
        heard
    }

    #[test]
    fn every_key_at_the_shortest_legal_length_and_pause() {
        assert_eq!(heard(&keys(KEYPAD, 40, 40, 1.0, 0.0)), "123A456B789C*0#D");
        assert_eq!(heard(&keys(b"1111", 40, 40, 1.0, 0.0)), "1111");
        assert_eq!(heard(&keys(KEYPAD, 100, 100, 1.0, 0.0)), "123A456B789C*0#D");
    }

    #[test]
    fn tolerances() {
        for pitch in [0.985, 1.015] {
            assert_eq!(
                heard(&keys(KEYPAD, 60, 60, pitch, 0.0)),
                "123A456B789C*0#D",
                "{pitch}"
            );
        }
        for twist in [-3.0, 6.0] {
            assert_eq!(
                heard(&keys(KEYPAD, 60, 60, 1.0, twist)),
                "123A456B789C*0#D",
                "{twist} dB"
            );
        }
        assert_eq!(heard(&keys(KEYPAD, 60, 60, 1.0, -12.0)), "", "too uneven");
        assert_eq!(heard(&keys(KEYPAD, 60, 60, 1.04, 0.0)), "", "too far off");
        assert_eq!(heard(&keys(b"5", 10, 60, 1.0, 0.0)), "", "a click");
    }

    #[test]
    fn the_length_is_about_right() {
        let mut length = Duration::ZERO;
        Detector::default().hear(&keys(b"5", 200, 50, 1.0, 0.0), |_, l| length = l);
        assert!((170..=215).contains(&length.as_millis()), "{length:?}");
    }

    #[test]
    fn ringing_music_and_noise_are_no_digits() {
        use crate::rtp::tone::{Generator, Tone};
        let mut audio = Vec::new();
        for tone in [
            Tone::Ringing,
            Tone::Busy,
            Tone::Dial,
            Tone::Sine(697),
            Tone::Sine(1_336),
        ] {
            let mut generator = Generator::new(tone);
            (0..60).for_each(|_| audio.extend(generator.frame()));
        }
        let mut seed = 7_u32;
        audio.extend((0..80_000).map(|_| {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (seed >> 17) as i16
        }));
        assert_eq!(heard(&audio), "");
    }
}
