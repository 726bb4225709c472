//! Which ports are free: even port for RTP, the next one for RTCP (RFC 3550 section 11).

use std::collections::VecDeque;

/// The free pairs of one slice of the port range, longest unused first.
#[derive(Debug)]
pub struct Ports {
    free: VecDeque<u16>,
    all: usize,
}

/// Number of whole pairs inside `first..=last`: each stream takes one, a relayed call two.
pub fn pairs(first: u16, last: u16) -> usize {
    even_ports(first, last).count()
}

fn even_ports(first: u16, last: u16) -> impl Iterator<Item = u16> {
    // A pair counts only if its RTCP port is inside as well; port 0 is no port.
    let first = u32::from(first.max(2)).next_multiple_of(2);
    (first..=u32::from(last))
        .step_by(2)
        .filter(move |&p| p < u32::from(last))
        .map(|p| p as u16)
}

impl Ports {
    /// The pairs of `first..=last` cut into `slices` of nearly equal size.
    pub fn slices(first: u16, last: u16, slices: usize) -> Vec<Ports> {
        let all: Vec<u16> = even_ports(first, last).collect();
        let slices = slices.max(1);
        (0..slices)
            .map(|n| {
                let free: VecDeque<u16> = all[all.len() * n / slices..all.len() * (n + 1) / slices]
                    .iter()
                    .copied()
                    .collect();
                Ports {
                    all: free.len(),
                    free,
                }
            })
            .collect()
    }

    /// The free pair that has rested longest, by its RTP port.
    pub fn take(&mut self) -> Option<u16> {
        self.free.pop_front()
    }

    /// Gives a pair back; it rests until all others were used.
    pub fn give_back(&mut self, port: u16) {
        self.free.push_back(port);
    }

    /// Pairs that are free now.
    pub fn free(&self) -> usize {
        self.free.len()
    }

    /// Pairs in all.
    pub fn all(&self) -> usize {
        self.all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_without_its_neighbour_is_no_pair() {
        assert_eq!(pairs(16_384, 16_394), 5);
        assert_eq!(pairs(16_383, 16_395), 6);
        assert_eq!(pairs(10_000, 10_000), 0);
        assert_eq!(pairs(20, 10), 0);
        assert_eq!(pairs(0, u16::MAX), 32_767);
    }

    #[test]
    fn the_port_that_rested_longest_comes_first() {
        let mut ports = Ports::slices(100, 105, 1).remove(0);
        assert_eq!(
            (ports.take(), ports.take(), ports.take(), ports.take()),
            (Some(100), Some(102), Some(104), None)
        );
        ports.give_back(104);
        ports.give_back(100);
        assert_eq!((ports.take(), ports.take()), (Some(104), Some(100)));
    }

    #[test]
    fn slices_share_everything_and_nothing_twice() {
        let mut seen: Vec<u16> = Ports::slices(10_000, 10_021, 3)
            .iter_mut()
            .flat_map(|s| std::iter::from_fn(|| s.take()))
            .collect();
        seen.sort_unstable();
        assert_eq!(seen, (0..11).map(|n| 10_000 + 2 * n).collect::<Vec<u16>>());
    }
}
