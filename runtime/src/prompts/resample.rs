//! Other sampling rates brought to 8 kHz: a windowed sinc, one set of weights for each place between two samples.

use std::f64::consts::PI;

use crate::rtp::RATE;

/// Rates that are brought to 8 kHz.
pub(super) const RATES: [u32; 10] = [
    8_000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000, 96_000,
];
/// Zero crossings of the sinc on either side.
const CROSSINGS: f64 = 12.0;
/// The band that stays, as a part of what 8 kHz can hold.
const BAND: f64 = 0.94;

/// Takes samples at one rate, gives them at 8 kHz.
pub(super) struct Resampler {
    /// Input samples per output sample, as a fraction.
    up: usize,
    down: usize,
    /// Weights for each of the `up` phases, `2 * half` each.
    weights: Vec<f32>,
    half: usize,
    /// Input from `half - 1` samples before the next output on; before the beginning there is silence.
    window: Vec<f32>,
    phase: usize,
    /// Input samples still to come out, once the input has ended.
    tail: Option<usize>,
}

impl Resampler {
    /// For input at one of [`RATES`]; `None` for any other.
    pub(super) fn new(rate: u32) -> Option<Resampler> {
        if !RATES.contains(&rate) {
            return None;
        }
        let common = gcd(rate, RATE);
        let (up, down) = ((RATE / common) as usize, (rate / common) as usize);
        let cutoff = BAND * (f64::from(RATE) / f64::from(rate)).min(1.0);
        let half = (CROSSINGS / cutoff).ceil() as usize;
        let mut weights = Vec::with_capacity(up * half * 2);
        for phase in 0..up {
            let row: Vec<f64> = (0..half * 2)
                .map(|tap| {
                    let x = tap as f64 - (half as f64 - 1.0) - phase as f64 / up as f64;
                    let hann = 0.5 + 0.5 * (PI * (x / half as f64).clamp(-1.0, 1.0)).cos();
                    sinc(cutoff * x) * hann
                })
                .collect();
            let sum: f64 = row.iter().sum();
            weights.extend(row.iter().map(|w| (w / sum) as f32));
        }
        let window = vec![0.0; half - 1];
        Some(Resampler {
            up,
            down,
            weights,
            half,
            window,
            phase: 0,
            tail: None,
        })
    }

    /// The next sample at 8 kHz; `input` gives those of the file until it ends.
    pub(super) fn next(&mut self, mut input: impl FnMut() -> Option<f32>) -> Option<i16> {
        let taps = self.half * 2;
        while self.window.len() < taps {
            let sample = if self.tail.is_none() { input() } else { None };
            if sample.is_none() {
                // What the window holds beyond its silent past is still to come out.
                let left = self
                    .tail
                    .get_or_insert(self.window.len().saturating_sub(self.half - 1));
                if *left == 0 {
                    return None;
                }
            }
            self.window.push(sample.unwrap_or(0.0));
        }
        let weights = &self.weights[self.phase * taps..][..taps];
        let sum: f32 = self.window.iter().zip(weights).map(|(s, w)| s * w).sum();
        self.phase += self.down;
        let gone = (self.phase / self.up).min(self.window.len());
        self.phase %= self.up;
        self.window.drain(..gone);
        if let Some(left) = &mut self.tail {
            *left = left.saturating_sub(gone);
        }
        Some(sum.round().clamp(f32::from(i16::MIN), f32::from(i16::MAX)) as i16)
    }
}

fn sinc(x: f64) -> f64 {
    if x.abs() < 1e-9 {
        1.0
    } else {
        (PI * x).sin() / (PI * x)
    }
}

fn gcd(a: u32, b: u32) -> u32 {
    if b == 0 { a } else { gcd(b, a % b) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rtp::tone::{energy, measure};

    fn resampled(rate: u32, hertz: f64, seconds: u32) -> Vec<i16> {
        let mut n = 0;
        let mut input = || {
            n += 1;
            (n <= rate * seconds).then(|| {
                (10_000.0 * (2.0 * PI * hertz * f64::from(n) / f64::from(rate)).sin()) as f32
            })
        };
        let mut resampler = Resampler::new(rate).unwrap();
        std::iter::from_fn(|| resampler.next(&mut input)).collect()
    }

    #[test]
    fn a_tone_keeps_its_pitch_length_and_loudness() {
        for rate in RATES {
            for hertz in [300.0, 1_000.0, 3_000.0] {
                let out = resampled(rate, hertz, 2);
                assert!(out.len().abs_diff(16_000) <= 1, "{rate}: {}", out.len());
                let heard = measure(&out[800..]);
                assert!(
                    (f64::from(heard.hertz) - hertz).abs() <= 1.0 && heard.purity > 0.99,
                    "{rate} {hertz}: {heard:?}"
                );
                assert!(
                    (energy(&out[800..15_000]) / 50_000_000.0 - 1.0).abs() < 0.05,
                    "{rate} {hertz}"
                );
            }
        }
    }

    #[test]
    fn what_8_khz_cannot_hold_does_not_fold_back() {
        for rate in [16_000, 44_100, 48_000] {
            let out = resampled(rate, 5_000.0, 1);
            assert!(
                energy(&out[400..7_600]) < 50_000_000.0 / 3_000.0,
                "{rate}: {}",
                energy(&out)
            );
        }
    }

    #[test]
    fn silence_and_odd_rates() {
        assert!(Resampler::new(7_999).is_none() && Resampler::new(0).is_none());
        let mut resampler = Resampler::new(44_100).unwrap();
        assert_eq!(resampler.next(|| None), None);
    }
}
