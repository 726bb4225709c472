//! AES_ENCRYPT and AES_DECRYPT: AES with a key of 128 bits (FIPS 197), block by block, as base 64. Dialplans hand each other small
//! secrets with it; equal blocks look equal, so it hides less than it seems to.

use crate::args;
use crate::hash::{base64_decode, base64_encode};
use crate::pure::{Answer, Input, Pure, plain};

pub(crate) const FUNCTIONS: &[Pure] = &[
    plain("AES_ENCRYPT", |input| run(input, true)),
    plain("AES_DECRYPT", |input| run(input, false)),
];

/// Bytes of a key and of a block.
const BLOCK: usize = 16;

/// Rounds with a key of this length.
const ROUNDS: usize = 10;

type State = [u8; BLOCK];

/// `AES_ENCRYPT(key,text)`, `AES_DECRYPT(key,base 64)`.
fn run(input: &Input<'_>, encrypts: bool) -> Answer {
    let parts = args::split(input.args, 2);
    let (key, data) = (args::argument(&parts, 0), args::argument(&parts, 1));
    if key.is_empty() || data.is_empty() {
        return Answer::failed("Usage: AES_ENCRYPT(key,text), AES_DECRYPT(key,text)");
    }
    let Ok(key) = State::try_from(key) else {
        return Answer::failed("AES: the key must have 16 bytes");
    };
    let keys = round_keys(&key);
    if encrypts {
        let blocks = data.chunks(BLOCK).flat_map(|chunk| {
            let mut state = [0; BLOCK];
            state[..chunk.len()].copy_from_slice(chunk);
            encrypt(state, &keys)
        });
        let bytes: Vec<u8> = blocks.collect();
        return Answer::value(base64_encode(&bytes));
    }
    let data = base64_decode(data);
    let mut bytes: Vec<u8> = data
        .chunks(BLOCK)
        .flat_map(|chunk| {
            let mut state = [0; BLOCK];
            state[..chunk.len()].copy_from_slice(chunk);
            decrypt(state, &keys)
        })
        .collect();
    // Text ends at the first NUL, which is also what blocks are filled up with.
    let end = bytes.iter().position(|byte| *byte == 0);
    bytes.truncate(end.unwrap_or(bytes.len()));
    Answer::value(bytes)
}

/// Doubles in the field that AES computes in.
fn double(byte: u8) -> u8 {
    byte << 1 ^ if byte & 0x80 == 0 { 0 } else { 0x1b }
}

fn multiply(mut a: u8, mut b: u8) -> u8 {
    let mut product = 0;
    while b != 0 {
        if b & 1 == 1 {
            product ^= a;
        }
        a = double(a);
        b >>= 1;
    }
    product
}

/// The substitution of a byte: its inverse in the field, then an affine map.
fn substitute(byte: u8) -> u8 {
    // The 254th power is the inverse.
    let mut inverse = 1;
    for _ in 0..254 {
        inverse = multiply(inverse, byte);
    }
    (1..5).fold(inverse, |sum, by| sum ^ inverse.rotate_left(by)) ^ 0x63
}

struct Boxes {
    forward: [u8; 256],
    back: [u8; 256],
}

static BOXES: std::sync::LazyLock<Boxes> = std::sync::LazyLock::new(|| {
    let mut boxes = Boxes {
        forward: [0; 256],
        back: [0; 256],
    };
    for byte in 0..=255u8 {
        let substituted = substitute(byte);
        boxes.forward[usize::from(byte)] = substituted;
        boxes.back[usize::from(substituted)] = byte;
    }
    boxes
});

fn round_keys(key: &State) -> [State; ROUNDS + 1] {
    let mut keys = [*key; ROUNDS + 1];
    let mut constant = 1;
    for round in 1..=ROUNDS {
        let last = keys[round - 1];
        let mut word = [last[13], last[14], last[15], last[12]];
        for byte in &mut word {
            *byte = BOXES.forward[usize::from(*byte)];
        }
        word[0] ^= constant;
        constant = double(constant);
        for index in 0..BLOCK {
            word[index % 4] ^= last[index];
            keys[round][index] = word[index % 4];
        }
    }
    keys
}

fn add(state: &mut State, key: &State) {
    for (byte, key) in state.iter_mut().zip(key) {
        *byte ^= key;
    }
}

/// Each row of the square turns by its number; columns lie one after the other.
fn shift_rows(state: &State, back: bool) -> State {
    std::array::from_fn(|at| {
        let (row, column) = (at % 4, at / 4);
        let from = if back { column + 4 - row } else { column + row };
        state[row + 4 * (from % 4)]
    })
}

fn mix_columns(state: &State, by: [u8; 4]) -> State {
    std::array::from_fn(|at| {
        let (row, column) = (at % 4, at / 4 * 4);
        (0..4).fold(0, |sum, from| {
            sum ^ multiply(state[column + from], by[(from + 4 - row) % 4])
        })
    })
}

fn encrypt(mut state: State, keys: &[State; ROUNDS + 1]) -> State {
    add(&mut state, &keys[0]);
    for (round, key) in keys.iter().enumerate().skip(1) {
        for byte in &mut state {
            *byte = BOXES.forward[usize::from(*byte)];
        }
        state = shift_rows(&state, false);
        if round < ROUNDS {
            state = mix_columns(&state, [2, 3, 1, 1]);
        }
        add(&mut state, key);
    }
    state
}

fn decrypt(mut state: State, keys: &[State; ROUNDS + 1]) -> State {
    for (round, key) in keys.iter().enumerate().skip(1).rev() {
        add(&mut state, key);
        if round < ROUNDS {
            state = mix_columns(&state, [14, 11, 13, 9]);
        }
        state = shift_rows(&state, true);
        for byte in &mut state {
            *byte = BOXES.back[usize::from(*byte)];
        }
    }
    add(&mut state, &keys[0]);
    state
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hash::hex;

    #[test]
    fn the_example_of_the_standard_comes_out() {
        let bytes =
            |first: u8, step: u8| -> State { std::array::from_fn(|at| first + step * at as u8) };
        let keys = round_keys(&bytes(0, 1));
        let plain = bytes(0, 0x11);
        let secret = encrypt(plain, &keys);
        assert_eq!(hex(&secret), b"69c4e0d86a7b0430d8cdb78070b4c55a");
        assert_eq!(decrypt(secret, &keys), plain);
    }
}
