//! Exact and real quantities as newtypes, with named rounding.
//!
//! Integers belong to the chain side ([`Wad`], [`Bips`], [`Wei`], [`Shares`], [`Multiplier`],
//! [`Blocks`], [`Seconds`], [`Timestamp`]); reals to the simulation side ([`Usd`], [`Share`],
//! [`Days`], [`PerYear`], [`UsdPerYear`]). They cross at two places only: a snapshot into the
//! simulation, and a recommendation into an export.

use serde::{Deserialize, Serialize};
use std::fmt;

/// One, in wads.
pub const WAD: u64 = 1_000_000_000_000_000_000;
/// Days in the year that all annual rates refer to.
pub const DAYS_PER_YEAR: f64 = 365.0;
/// Seconds between two blocks of Ethereum mainnet.
pub const SECONDS_PER_BLOCK: u64 = 12;
/// Blocks in a day of Ethereum mainnet.
pub const BLOCKS_PER_DAY: u64 = 86_400 / SECONDS_PER_BLOCK;

macro_rules! real {
    ($(#[$doc:meta])* $name:ident, $unit:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Serialize, Deserialize, Default)]
        #[serde(transparent)]
        pub struct $name(pub f64);

        impl $name {
            /// The unit, as a reader would write it.
            pub const UNIT: &'static str = $unit;
            /// The bare number, in the unit of the type.
            #[inline]
            #[must_use]
            pub const fn get(self) -> f64 {
                self.0
            }
        }
    };
}

real!(
    /// US dollars.
    Usd, "USD"
);
real!(
    /// US dollars a year.
    UsdPerYear, "USD/year"
);
real!(
    /// A share of one: 0.12 is 12 %.
    Share, "1"
);
real!(
    /// Days of 24 hours.
    Days, "days"
);
real!(
    /// A rate a year: a growth, a yield, a number of events.
    PerYear, "1/year"
);

impl Days {
    /// The same span in years of 365 days.
    #[must_use]
    pub fn years(self) -> f64 {
        self.0 / DAYS_PER_YEAR
    }
    /// Whole blocks of Ethereum mainnet that fit in the span (12 s a block), rounded down.
    #[must_use]
    pub fn blocks_floor(self) -> Blocks {
        Blocks((self.0 * BLOCKS_PER_DAY as f64).floor() as u32)
    }
    /// Blocks of Ethereum mainnet that cover the span (12 s a block), rounded up.
    #[must_use]
    pub fn blocks_ceil(self) -> Blocks {
        Blocks((self.0 * BLOCKS_PER_DAY as f64).ceil() as u32)
    }
}

macro_rules! integer {
    ($(#[$doc:meta])* $name:ident($inner:ty)) => {
        $(#[$doc])*
        #[derive(
            Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Default,
        )]
        #[serde(transparent)]
        pub struct $name(pub $inner);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

integer!(
    /// A share of one, times 10^18.
    Wad(u64)
);
integer!(
    /// A share of one, times 10^4.
    Bips(u16)
);
integer!(
    /// Wei of ETH, or the smallest unit of a token with 18 decimals.
    Wei(u128)
);
integer!(
    /// Shares of a strategy.
    Shares(u128)
);
integer!(
    /// A strategy's weight in a rewards submission or a quorum, times 10^18.
    Multiplier(u128)
);
integer!(
    /// A number of blocks.
    Blocks(u32)
);
integer!(
    /// A number of seconds.
    Seconds(u32)
);
integer!(
    /// Seconds since 1970-01-01 00:00 UTC.
    Timestamp(u64)
);
