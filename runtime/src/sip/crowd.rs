//! How many connections there are, and from where.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::transport::Bounds;

/// The count.
#[derive(Clone)]
pub(crate) struct Crowd {
    count: Arc<Mutex<(usize, HashMap<IpAddr, usize>)>>,
    connections: usize,
    per_address: usize,
}

/// One counted connection; leaves when dropped.
pub(crate) struct Place {
    crowd: Crowd,
    address: Option<IpAddr>,
}

impl Crowd {
    pub(crate) fn new(bounds: &Bounds) -> Crowd {
        Crowd {
            count: Arc::default(),
            connections: bounds.connections,
            per_address: bounds.per_address,
        }
    }

    pub(crate) fn enter(&self, address: Option<IpAddr>) -> Option<Place> {
        let mut count = lock(&self.count);
        if count.0 >= self.connections {
            return None;
        }
        if let Some(address) = address {
            let here = count.1.entry(address).or_default();
            if *here >= self.per_address {
                return None;
            }
            *here += 1;
        }
        count.0 += 1;
        Some(Place {
            crowd: self.clone(),
            address,
        })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut count = lock(&self.crowd.count);
        count.0 -= 1;
        if let Some(address) = self.address
            && let Some(here) = count.1.get_mut(&address)
        {
            *here -= 1;
            if *here == 0 {
                count.1.remove(&address);
            }
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // What it holds is right after every single step, so a panic elsewhere spoils nothing.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
