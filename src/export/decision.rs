//! The second crossing from reals to integers: what was decided, in days, shares and tokens, as a deployment.

use super::address::Address;
use super::design::{
    Curve, DEPLOYMENT_FORMAT, Deployment, OperatorSet, Quorum, Recommended, RewardsKind,
    RewardsSubmission, Roles, SlashRule, StakeType, WeightedStrategy,
};
use super::network::Network;
use super::number::Dec;
use super::rounding::{Rounding, RoundingError};
use crate::units::{Bips, Blocks, Multiplier, Seconds, Timestamp};

/// A decided real number and its interval, where it was estimated.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Estimate {
    /// The value.
    pub value: f64,
    /// Lower and upper end.
    pub interval: Option<(f64, f64)>,
}

/// A number that was chosen and not estimated.
#[must_use]
pub const fn chosen(value: f64) -> Estimate {
    Estimate {
        value,
        interval: None,
    }
}

/// A number with its interval.
#[must_use]
pub const fn estimated(value: f64, low: f64, high: f64) -> Estimate {
    Estimate {
        value,
        interval: Some((low, high)),
    }
}

/// Everything that was decided about an AVS with one operator set.
#[derive(Debug, Clone, PartialEq)]
pub struct Decision {
    /// Name of the service.
    pub name: String,
    /// The network.
    pub network: Network,
    /// The AVS, when it is deployed.
    pub avs: Option<Address>,
    /// Where its metadata is.
    pub metadata_uri: String,
    /// Contract that slashes.
    pub slasher: Address,
    /// Who receives slashed stake; absent: it is burnt.
    pub redistribution_recipient: Option<Address>,
    /// Strategies with the weight of one share in ether.
    pub strategies: Vec<(Address, String, f64)>,
    /// Kind of key, when the set signs.
    pub curve: Option<Curve>,
    /// Faults and their punishment.
    pub offences: Vec<Offence>,
    /// Operators admitted at most.
    pub operators: Estimate,
    /// Smallest stake of an operator, in ether by the weights above.
    pub minimum_stake_eth: Estimate,
    /// Share of the weight that must sign; see [`signing_share`].
    pub threshold: Estimate,
    /// Days for which counted stake must stay slashable.
    pub look_ahead_days: f64,
    /// What is paid; absent: nothing.
    pub rewards: Option<Rewards>,
    /// The time of the export.
    pub as_of: Timestamp,
}

/// A fault and its punishment.
#[derive(Debug, Clone, PartialEq)]
pub struct Offence {
    /// The fault, in words.
    pub name: String,
    /// Share of the allocation that is slashed.
    pub slash: Estimate,
    /// Days until the fault is noticed.
    pub detection_days: f64,
    /// Days in which it can be disputed.
    pub dispute_days: f64,
    /// Days in which a committee can veto.
    pub veto_days: f64,
}

/// A budget, paid by allocated stake.
#[derive(Debug, Clone, PartialEq)]
pub struct Rewards {
    /// Token that pays. Native ETH cannot: use its ERC-20 form.
    pub token: Address,
    /// Its symbol.
    pub symbol: String,
    /// Its decimals.
    pub decimals: u8,
    /// Whole tokens for the window.
    pub amount: Estimate,
    /// Length of the window.
    pub days: f64,
    /// Earliest start; rounded up to a midnight.
    pub start: Timestamp,
}

/// Multiples of the replaced operator's stake that a newcomer needs in a full quorum.
const KICK_OPERATOR: f64 = 1.1;
/// Share of the total below which an operator can be replaced.
const KICK_TOTAL: f64 = 0.005;

/// The share that must sign so that two conflicting results need a coalition of `attacker` in both: half of
/// one and the coalition. A third makes it two thirds.
#[must_use]
pub fn signing_share(attacker: f64) -> f64 {
    f64::midpoint(1.0, attacker)
}

/// The deployment of a decision, with every number's real value, interval and rule kept beside its integer.
///
/// # Errors
/// When a number is negative, not finite, or beyond what its rule can hold.
pub fn deployment(decision: &Decision) -> Result<Deployment, RoundingError> {
    let mut numbers = Numbers(Vec::new());
    let set = operator_set(decision, &mut numbers)?;
    let rewards = decision
        .rewards
        .as_ref()
        .map(|rewards| submission(decision, rewards, &mut numbers))
        .transpose()?;
    Ok(Deployment {
        format: DEPLOYMENT_FORMAT,
        name: decision.name.clone(),
        network: decision.network.clone(),
        avs: decision.avs,
        admin: None,
        metadata_uri: decision.metadata_uri.clone(),
        registrar: None,
        operator_sets: vec![set],
        appointees: Vec::new(),
        rewards: rewards.into_iter().collect(),
        roles: Roles::default(),
        as_of: decision.as_of,
        recommended: numbers.0,
    })
}

/// Rounds numbers and remembers them.
struct Numbers(Vec<Recommended>);

impl Numbers {
    fn round(
        &mut self,
        parameter: String,
        number: Estimate,
        unit: &str,
        rule: Rounding,
    ) -> Result<u128, RoundingError> {
        let rounded = Recommended::round(parameter, number.value, unit, number.interval, rule)?;
        let integer = rounded.integer.0;
        self.0.push(rounded);
        Ok(integer)
    }

    fn narrow<T: TryFrom<u128>>(
        &mut self,
        parameter: String,
        number: Estimate,
        unit: &str,
        rule: Rounding,
    ) -> Result<T, RoundingError> {
        let wide = self.round(parameter, number, unit, rule)?;
        T::try_from(wide).map_err(|_| RoundingError {
            rule,
            value: number.value,
            reason: "the integer does not fit the contract's type",
        })
    }
}

fn operator_set(decision: &Decision, numbers: &mut Numbers) -> Result<OperatorSet, RoundingError> {
    let at = |key: &str| format!("operator_sets/0/{key}");
    let mut strategies = Vec::new();
    for (index, (strategy, symbol, weight)) in decision.strategies.iter().enumerate() {
        let parameter = at(&format!("strategies/{index}/multiplier"));
        let multiplier = numbers.round(
            parameter,
            chosen(*weight),
            "ETH a share",
            Rounding::MultiplierNearest,
        )?;
        strategies.push(WeightedStrategy {
            strategy: *strategy,
            symbol: symbol.clone(),
            multiplier: Multiplier(multiplier),
        });
    }
    let mut slash_rules = Vec::new();
    for (index, offence) in decision.offences.iter().enumerate() {
        let at = |key: &str| at(&format!("slash_rules/{index}/{key}"));
        let mut window = |key: &str, days: f64| -> Result<Blocks, RoundingError> {
            numbers
                .narrow(at(key), chosen(days), "days", Rounding::WindowCeil)
                .map(Blocks)
        };
        let (detection, dispute, veto) = (
            window("detection", offence.detection_days)?,
            window("dispute", offence.dispute_days)?,
            window("veto", offence.veto_days)?,
        );
        let wads = numbers.narrow(
            at("wads_to_slash"),
            offence.slash,
            "of the allocation",
            Rounding::SlashCeil,
        )?;
        slash_rules.push(SlashRule {
            offence: offence.name.clone(),
            wads_to_slash: Dec(wads),
            detection,
            dispute,
            veto,
        });
    }
    let quorum = Quorum {
        stake_type: StakeType::TotalSlashable,
        max_operators: numbers.narrow(
            at("quorum/max_operators"),
            decision.operators,
            "operators",
            Rounding::OperatorsCeil,
        )?,
        kick_bips_of_operator_stake: Bips(numbers.narrow(
            at("quorum/kick_bips_of_operator_stake"),
            chosen(KICK_OPERATOR),
            "times the replaced stake",
            Rounding::KickOperatorCeil,
        )?),
        kick_bips_of_total_stake: Bips(numbers.narrow(
            at("quorum/kick_bips_of_total_stake"),
            chosen(KICK_TOTAL),
            "of the total",
            Rounding::KickTotalFloor,
        )?),
        minimum_stake: Dec(numbers.round(
            at("quorum/minimum_stake"),
            decision.minimum_stake_eth,
            "ETH",
            Rounding::MinimumStakeCeil,
        )?),
        threshold: Bips(numbers.narrow(
            at("quorum/threshold"),
            decision.threshold,
            "of the weight",
            Rounding::ThresholdCeil,
        )?),
        look_ahead: Blocks(numbers.narrow(
            at("quorum/look_ahead"),
            chosen(decision.look_ahead_days),
            "days",
            Rounding::WindowCeil,
        )?),
    };
    Ok(OperatorSet {
        id: 0,
        purpose: decision.name.clone(),
        strategies,
        slasher: decision.slasher,
        redistribution_recipient: decision.redistribution_recipient,
        quorum: Some(quorum),
        slash_rules,
        curve: decision.curve,
        stake_table: None,
        mailbox: None,
    })
}

fn submission(
    decision: &Decision,
    rewards: &Rewards,
    numbers: &mut Numbers,
) -> Result<RewardsSubmission, RoundingError> {
    let rule = Rounding::RewardsFloor {
        decimals: rewards.decimals,
    };
    let amount = numbers.round(
        "rewards/0/kind/unique_stake/amount".into(),
        rewards.amount,
        &rewards.symbol,
        rule,
    )?;
    let duration = numbers.narrow(
        "rewards/0/duration".into(),
        chosen(rewards.days),
        "days",
        Rounding::DurationFloor,
    )?;
    // Seconds since 1970 are far below 2^53, so the float holds them exactly.
    let asked = chosen(rewards.start.0 as f64);
    let start = numbers.narrow(
        "rewards/0/start".into(),
        asked,
        "s since 1970",
        Rounding::StartCeil,
    )?;
    let mut strategies = Vec::new();
    for (index, (strategy, symbol, weight)) in decision.strategies.iter().enumerate() {
        let parameter = format!("rewards/0/strategies/{index}/multiplier");
        let multiplier = numbers.round(
            parameter,
            chosen(*weight),
            "ETH a share",
            Rounding::MultiplierNearest,
        )?;
        strategies.push(WeightedStrategy {
            strategy: *strategy,
            symbol: symbol.clone(),
            multiplier: Multiplier(multiplier),
        });
    }
    Ok(RewardsSubmission {
        operator_set: 0,
        kind: RewardsKind::UniqueStake {
            amount: Dec(amount),
        },
        token: rewards.token,
        start: Timestamp(start),
        duration: Seconds(duration),
        strategies,
        operator_split: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::export::lint;

    fn decision() -> Decision {
        Decision {
            name: "Example oracle".into(),
            network: Network::mainnet(),
            avs: None,
            metadata_uri: "https://example.invalid/avs.json".into(),
            slasher: Address([7; 20]),
            redistribution_recipient: None,
            strategies: vec![
                (Address::BEACON_ETH, "ETH".into(), 1.0),
                (Address([9; 20]), "LST".into(), 1.05),
            ],
            curve: Some(Curve::Bn254),
            offences: vec![Offence {
                name: "false price".into(),
                slash: estimated(0.99, 0.9, 1.0),
                detection_days: 3.0,
                dispute_days: 5.0,
                veto_days: 1.0,
            }],
            operators: estimated(30.2, 28.0, 40.0),
            minimum_stake_eth: chosen(320.0),
            threshold: chosen(signing_share(0.334)),
            look_ahead_days: 9.0,
            rewards: Some(Rewards {
                token: Address([8; 20]),
                symbol: "WETH".into(),
                decimals: 18,
                amount: estimated(857.5, 800.0, 900.0),
                days: 90.0,
                start: Timestamp(1_795_400_000),
            }),
            as_of: Timestamp(1_795_400_000),
        }
    }

    #[test]
    fn a_decision_becomes_a_deployment_without_errors() {
        let deployment = deployment(&decision()).expect("every number rounds");
        let errors: Vec<_> = lint::deployment(&deployment)
            .into_iter()
            .filter(|finding| finding.severity == lint::Severity::Error)
            .collect();
        assert!(errors.is_empty(), "{errors:?}");
        let set = &deployment.operator_sets[0];
        assert_eq!(
            set.slash_rules[0].wads_to_slash,
            Dec(990_000_000_000_000_000)
        );
        assert_eq!(set.slash_rules[0].dispute, Blocks(36_000));
        let quorum = set.quorum.as_ref().expect("a quorum");
        assert_eq!(
            (quorum.max_operators, quorum.threshold, quorum.look_ahead),
            (31, Bips(6_670), Blocks(64_800))
        );
        assert_eq!(deployment.rewards[0].start, Timestamp(1_795_478_400));
        assert_eq!(
            deployment.rewards[0].kind.total(),
            Some(857_500_000_000_000_000_000)
        );
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let mut too_many = decision();
        too_many.operators = chosen(5e9);
        assert!(deployment(&too_many).is_err());
        let mut negative = decision();
        negative.offences[0].slash = chosen(-0.1);
        assert!(deployment(&negative).is_err());
    }
}
