//! Strowger vm.
