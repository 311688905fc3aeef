//! The assets that a simulation plays.

use crate::snapshot::AssetClass;

/// The assets of the simulation: classes of the snapshot's strategies, and the service's own token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Class {
    Eth,
    Lst,
    Eigen,
    Btc,
    Token,
    Own,
}

pub(super) const CLASSES: usize = 6;

impl Class {
    pub const ALL: [Self; CLASSES] = [
        Self::Eth,
        Self::Lst,
        Self::Eigen,
        Self::Btc,
        Self::Token,
        Self::Own,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Self::Eth => "ETH",
            Self::Lst => "LST",
            Self::Eigen => "EIGEN",
            Self::Btc => "BTC",
            Self::Token => "TOKEN",
            Self::Own => "OWN",
        }
    }

    pub fn find(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|class| class.name() == name)
    }

    pub fn of(class: AssetClass) -> Self {
        match class {
            AssetClass::Eth => Self::Eth,
            AssetClass::Lst => Self::Lst,
            AssetClass::Eigen => Self::Eigen,
            AssetClass::Btc => Self::Btc,
            AssetClass::Token => Self::Token,
        }
    }
}
