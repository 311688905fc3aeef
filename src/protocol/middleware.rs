//! Quorum weights of the AVS-side registries: `uint96` arithmetic, which truncates in silence.
//!
//! `StakeRegistry` and `SlashingRegistryCoordinator` of eigenlayer-middleware (v1 and v2.0.0) weigh an
//! operator by `Σ uint96(shares * multiplier / 10^18)` and compute churn in `uint96`.

use super::math::mul_wad_floor;
use crate::units::{Bips, Multiplier, Shares};

/// Largest `uint96`.
pub const UINT96_MAX: u128 = (1 << 96) - 1;
/// Most strategies of a quorum (`MAX_WEIGHING_FUNCTION_LENGTH`).
pub const MAX_QUORUM_STRATEGIES: usize = 32;
/// Most quorums of a registry (`MAX_QUORUM_COUNT`).
pub const MAX_QUORUMS: usize = 192;

/// What the `uint96` arithmetic makes of a weight.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum QuorumWeight {
    /// The weight as intended.
    Exact(u128),
    /// A cast cut the upper bits: the contract sees `seen` in place of `intended`.
    Truncated {
        /// What the contract computes.
        seen: u128,
        /// What the formula means.
        intended: u128,
    },
    /// The sum leaves `uint96`: the contract reverts.
    Overflow,
}

/// Weight of an operator in a quorum.
#[must_use]
pub fn quorum_weight(stakes: &[(Shares, Multiplier)]) -> QuorumWeight {
    let (mut seen, mut intended) = (0_u128, 0_u128);
    for &(shares, multiplier) in stakes {
        let term = mul_wad_floor(shares.0, multiplier.0);
        intended += term;
        seen += term & UINT96_MAX;
        if seen > UINT96_MAX {
            return QuorumWeight::Overflow;
        }
    }
    if seen == intended {
        QuorumWeight::Exact(seen)
    } else {
        QuorumWeight::Truncated { seen, intended }
    }
}

/// Whether a newcomer may take an operator's place in a full quorum.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Churn {
    /// The operator is replaced.
    Allowed,
    /// The newcomer's stake does not exceed the operator's by the required factor.
    InsufficientStake,
    /// The operator's share of the quorum is too large to be kicked.
    AboveThreshold,
    /// A product leaves `uint96`: the contract reverts.
    Overflow,
}

/// The churn rule: `newcomer > operator * kick_of_operator / 10^4` and
/// `operator < total * kick_of_total / 10^4`, both products in `uint96`.
#[must_use]
pub fn churn(
    newcomer: u128,
    operator: u128,
    total: u128,
    kick_of_operator: Bips,
    kick_of_total: Bips,
) -> Churn {
    let part = |stake: u128, bips: Bips| {
        stake
            .checked_mul(u128::from(bips.0))
            .filter(|&product| product <= UINT96_MAX)
            .map(|p| p / 10_000)
    };
    let (Some(least), Some(most)) = (part(operator, kick_of_operator), part(total, kick_of_total))
    else {
        return Churn::Overflow;
    };
    if newcomer <= least {
        Churn::InsufficientStake
    } else if operator >= most {
        Churn::AboveThreshold
    } else {
        Churn::Allowed
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::WAD;

    const ONE: Multiplier = Multiplier(WAD as u128);

    #[test]
    fn weights_add_up_until_a_cast_cuts() {
        let eth = u128::from(WAD);
        assert_eq!(
            quorum_weight(&[(Shares(3 * eth), ONE), (Shares(eth), Multiplier(eth / 2))]),
            QuorumWeight::Exact(3 * eth + eth / 2)
        );
        assert_eq!(
            quorum_weight(&[(Shares(UINT96_MAX + 5), ONE)]),
            QuorumWeight::Truncated {
                seen: 4,
                intended: UINT96_MAX + 5
            }
        );
        assert_eq!(
            quorum_weight(&[(Shares(UINT96_MAX), ONE), (Shares(1), ONE)]),
            QuorumWeight::Overflow
        );
    }

    #[test]
    fn churn_needs_more_stake_and_a_small_victim() {
        let rule = |new, old, total| churn(new, old, total, Bips(11_000), Bips(50));
        assert_eq!(rule(110, 100, 100_000), Churn::InsufficientStake);
        assert_eq!(rule(111, 100, 100_000), Churn::Allowed);
        assert_eq!(rule(111, 100, 20_000), Churn::AboveThreshold);
        assert_eq!(
            rule(UINT96_MAX, UINT96_MAX / 10_000, UINT96_MAX / 10),
            Churn::Overflow
        );
    }
}
