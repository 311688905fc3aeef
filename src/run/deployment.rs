//! A recommendation in the contracts' terms: the second of the two places where reals become
//! integers, each by a named rule.

mod meaning;
mod rewards;
mod slashing;
mod votes;

use super::decided::{Decided, Number};
use crate::export::Deployment;
use crate::export::address::Address;
use crate::export::design::{
    Appointee, Curve, DEPLOYMENT_FORMAT, Figure, Mailbox, OperatorSet, Quorum, Recommended, Roles,
    StakeTable, StakeType, WeightedStrategy,
};
use crate::export::network::Network;
use crate::export::number::Dec;
use crate::export::rounding::{Rounding, RoundingError};
use crate::report::findings::ConfigEntry;
use crate::snapshot::{AssetClass, Snapshot};
use crate::spec::model::{self, Detection, Model};
use crate::units::{Bips, Blocks, Multiplier, Seconds, Timestamp};

/// A newcomer to a full quorum must be a tenth larger than the one it replaces: EigenDA's rule on
/// mainnet (governance configuration, 2025-11-12).
const KICK_OPERATOR: f64 = 1.1;
/// Only an operator below half a per cent of the quorum can be replaced: the same source.
const KICK_TOTAL: f64 = 0.005;
/// Blocks of mainnet's deallocation delay; networks with another scale every window to it.
const MAINNET_EXIT: Blocks = Blocks(100_800);

/// Addresses and times that the economics does not know; the command line may give them where
/// the model file does not.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Addresses {
    /// The AVS.
    pub avs: Option<Address>,
    /// Its slasher.
    pub slasher: Option<Address>,
    /// The network, in place of the model file's.
    pub network: Option<Network>,
}

/// Why a recommendation cannot be written in the contracts' terms.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum DeploymentError {
    /// No address of the slasher.
    #[error("the export needs the address of the slasher")]
    SlasherMissing,
    /// The simulated design pays slashed stake out, and nobody is named to receive it.
    #[error(
        "the design pays slashed stake out, and `deployment.redistribution_recipient` names nobody to receive it"
    )]
    RecipientMissing,
    /// No strategy of the operators' stake is known by address.
    #[error("none of the operators' assets has a strategy with an address")]
    NoStrategies,
    /// The strategies of the snapshot are contracts of another chain.
    #[error(
        "the strategies of the snapshot are contracts of chain {snapshot}, and {network} is chain {chain}"
    )]
    ForeignStrategies {
        /// Chain of the snapshot.
        snapshot: u64,
        /// The network that the export is for.
        network: String,
        /// Its chain.
        chain: u64,
    },
    /// A slash takes more of one collateral than of another, and a strategy is of no known one.
    #[error(
        "the strategy of {0} is none of the snapshot's, and `slash_by_asset` says nothing of it: name it \"OWN\" if it is the service's own token"
    )]
    UnknownCollateral(String),
    /// The design has quorums that one operator set of all its strategies is not.
    #[error(
        "the design counts votes in {0}, and the export writes one quorum in which every strategy votes"
    )]
    Quorums(String),
    /// The rewards are paid in a token whose price is not known, so no amount of it can be stated.
    #[error("rewards are paid in {0}, which has no price here")]
    RewardPrice(String),
    /// A number that no integer can stand for.
    #[error(transparent)]
    Rounding(#[from] RoundingError),
}

/// The slasher, when every account is named that a set keeps: known before anything is simulated.
///
/// # Errors
/// When the slasher is missing, or who receives slashed stake that the design pays out.
pub fn accounts_named(model: &Model, addresses: &Addresses) -> Result<Address, DeploymentError> {
    let asked = &model.deployment;
    // A set is created burning or paying out, for ever: what was simulated must be what is created.
    let mut offences = model.slashing.offences.iter();
    if asked.redistribution_recipient.is_none()
        && offences.any(|offence| offence.redistributed.get() > 0.0)
    {
        return Err(DeploymentError::RecipientMissing);
    }
    addresses
        .slasher
        .or(asked.slasher)
        .ok_or(DeploymentError::SlasherMissing)
}

/// The deployment that a recommendation asks for, as of a moment.
///
/// # Errors
/// When an address is missing that no rule can supply, or a number cannot be rounded.
pub fn deployment(
    model: &Model,
    snapshot: &Snapshot,
    decided: &Decided,
    addresses: &Addresses,
    as_of: Timestamp,
) -> Result<Deployment, DeploymentError> {
    let asked = &model.deployment;
    let onchain = &asked.onchain;
    let slasher = accounts_named(model, addresses)?;
    let network = addresses
        .network
        .clone()
        .unwrap_or_else(|| named(asked.network));
    let of_snapshot = snapshot.manifest.chain_id;
    if onchain.strategies.is_empty() && of_snapshot != network.chain_id {
        return Err(DeploymentError::ForeignStrategies {
            snapshot: of_snapshot,
            network: network.name,
            chain: network.chain_id,
        });
    }
    let strategies = strategies(model, snapshot);
    if strategies.is_empty() {
        return Err(DeploymentError::NoStrategies);
    }
    let mut numbers = Numbers::new(&network);
    let voting = votes::weighed(model, snapshot, &strategies)?;
    let quorum = quorum(model, decided, &mut numbers)?;
    let slash_rules = slashing::rules(model, snapshot, decided, &strategies, &mut numbers)?;
    let asked_allocation = match decided.design.allocation {
        Some(share) => Some(Dec(numbers.narrow(
            "operator_sets/0/asked_allocation",
            share.map(|share| share.min(1.0)),
            "of each operator's stake",
            Rounding::AllocationCeil,
        )?)),
        None => None,
    };
    let mailbox = match &onchain.tasks {
        Some(tasks) => Some(mailbox(tasks, quorum.threshold, &mut numbers)?),
        None => None,
    };
    let stake_table = match &onchain.stake_table {
        Some(table) => Some(stake_table(table, &mut numbers)?),
        None => None,
    };
    let rewards = rewards::submission(model, snapshot, decided, &strategies, as_of, &mut numbers)?;
    let set = OperatorSet {
        id: asked.operator_set_id,
        purpose: model.service.description.clone(),
        strategies: voting,
        slasher,
        redistribution_recipient: asked.redistribution_recipient,
        asked_allocation,
        quorum: Some(quorum),
        slash_rules,
        curve: asked.signing.map(curve),
        stake_table,
        mailbox,
    };
    let aggregator = onchain.aggregator.as_ref().map(|aggregator| OperatorSet {
        id: aggregator.operator_set_id,
        purpose: format!("gathers the signatures of set {}", set.id),
        strategies: set.strategies.clone(),
        slasher: aggregator.slasher.unwrap_or(slasher),
        redistribution_recipient: None,
        asked_allocation: None,
        quorum: None,
        slash_rules: Vec::new(),
        curve: Some(curve(aggregator.signing)),
        stake_table: None,
        mailbox: None,
    });
    Ok(Deployment {
        format: DEPLOYMENT_FORMAT,
        name: model.service.name.clone(),
        network,
        avs: addresses.avs.or(asked.avs),
        admin: onchain.admin,
        metadata_uri: asked.metadata_uri.clone().unwrap_or_default(),
        registrar: asked.registrar,
        operator_sets: [set].into_iter().chain(aggregator).collect(),
        appointees: onchain.appointees.iter().map(appointee).collect(),
        rewards: rewards.into_iter().collect(),
        roles: roles(&onchain.roles),
        as_of,
        verdict: Some(verdict(decided)),
        economics: economics(decided),
        recommended: numbers.list,
    })
}

fn named(network: model::Network) -> Network {
    match network {
        model::Network::Mainnet => Network::mainnet(),
        model::Network::Sepolia => Network::sepolia(),
        model::Network::Hoodi => Network::hoodi(),
    }
}

const fn curve(signing: model::Signing) -> Curve {
    match signing {
        model::Signing::Ecdsa => Curve::Ecdsa,
        model::Signing::Bn254 => Curve::Bn254,
    }
}

fn appointee(one: &model::Appointee) -> Appointee {
    Appointee {
        account: one.account,
        target: one.target,
        function: one.function.clone(),
    }
}

const fn roles(given: &model::Roles) -> Roles {
    Roles {
        owner: given.owner,
        upgrader: given.upgrader,
        churner: given.churner,
        ejector: given.ejector,
        confirmer: given.confirmer,
        deployer: given.deployer,
        veto_committee: given.veto_committee,
    }
}

/// What the simulation says, in a sentence that cannot be mistaken for safety when it is none.
fn verdict(decided: &Decided) -> String {
    let promise = &decided.promise.sentence;
    if decided.infeasible.is_some() {
        return format!("NOT SAFE, no design within the ranges keeps it: {promise}");
    }
    match decided.verdict.as_str() {
        "safe" => format!("safe: {promise}"),
        other => format!("NOT CERTIFIED ({other}): {promise}"),
    }
}

/// What the integers rest on and no contract stores.
fn economics(decided: &Decided) -> Vec<Figure> {
    let design = &decided.design;
    let figure = |name: &str, number: Number, unit: &str| Figure {
        name: name.to_owned(),
        value: number.value,
        unit: unit.to_owned(),
        low: number.interval().map(|(low, _)| low),
        high: number.interval().map(|(_, high)| high),
    };
    vec![
        figure("slashable stake", design.stake, "USD"),
        figure("reward budget", design.budget, "USD/year"),
        figure(
            "gross yield on slashable stake",
            design.gross_yield,
            "1/year",
        ),
        figure(
            "largest share of one entity",
            design.entity_cap,
            "of the stake",
        ),
        figure(
            "share of the weight that an attacker needs",
            design.threshold,
            "of the weight",
        ),
    ]
}

/// The recommended integers as rows of a report.
#[must_use]
pub fn config_entries(deployment: &Deployment) -> Vec<ConfigEntry> {
    deployment
        .recommended
        .iter()
        .map(|number| ConfigEntry {
            place: deployment.network.name.clone(),
            name: number.parameter.clone(),
            value: number.integer.0.to_string(),
            meaning: meaning::meaning(number),
            rounding: number.rounding.reason().to_owned(),
        })
        .collect()
}

/// The integers made so far, with the reals behind them.
struct Numbers {
    list: Vec<Recommended>,
    window: Rounding,
}

impl Numbers {
    fn new(network: &Network) -> Self {
        let delay = network.limits.deallocation_delay;
        let window = if delay == MAINNET_EXIT {
            Rounding::WindowCeil
        } else {
            Rounding::WindowScaledCeil {
                deallocation_delay: delay.0,
            }
        };
        Self {
            list: Vec::new(),
            window,
        }
    }

    fn round(
        &mut self,
        parameter: &str,
        number: Number,
        unit: &str,
        rounding: Rounding,
    ) -> Result<u128, RoundingError> {
        let interval = number.interval();
        let rounded = Recommended::round(parameter, number.value, unit, interval, rounding)?;
        let integer = rounded.integer.0;
        self.list.push(rounded);
        Ok(integer)
    }

    /// The same in the contract's narrower type.
    fn narrow<T: TryFrom<u128>>(
        &mut self,
        parameter: &str,
        number: Number,
        unit: &str,
        rounding: Rounding,
    ) -> Result<T, RoundingError> {
        let wide = self.round(parameter, number, unit, rounding)?;
        T::try_from(wide).map_err(|_| RoundingError {
            rule: rounding,
            value: number.value,
            reason: "the integer does not fit the contract's type",
        })
    }

    /// Days as blocks of this network.
    fn blocks(&mut self, parameter: &str, days: Number) -> Result<Blocks, RoundingError> {
        self.narrow(parameter, days, "days", self.window)
            .map(Blocks)
    }
}

/// The strategies of the classes that the model plays, weighed in ether at the snapshot's prices.
fn strategies(model: &Model, snapshot: &Snapshot) -> Vec<WeightedStrategy> {
    let fixed = &model.deployment.onchain.strategies;
    if !fixed.is_empty() {
        let convert = |one: &model::WeighedStrategy| WeightedStrategy {
            strategy: one.strategy,
            symbol: one.symbol.clone(),
            multiplier: Multiplier(one.multiplier),
        };
        return fixed.iter().map(convert).collect();
    }
    let Some(ether) = snapshot
        .assets
        .iter()
        .find(|asset| asset.class == AssetClass::Eth)
        .and_then(|asset| asset.price.as_ref())
        .map(|price| price.usd)
    else {
        return Vec::new();
    };
    let played = |class: AssetClass| {
        let symbol = class_symbol(class);
        model
            .market
            .assets
            .iter()
            .any(|asset| asset.symbol == symbol)
    };
    snapshot
        .assets
        .iter()
        .filter(|asset| played(asset.class))
        .filter_map(|asset| {
            let strategy = asset.strategy?;
            let price = asset.price.as_ref()?.usd;
            // Contracts weigh shares of 10^18; tokens with fewer decimals weigh more a unit.
            let decimals = 10_f64.powi(18 - i32::from(asset.decimals));
            let tokens_per_share = asset
                .units_per_1e18_shares
                .map_or(1.0, |units| units as f64 / 1e18);
            let weight = price / ether * tokens_per_share * decimals;
            let multiplier = Rounding::MultiplierNearest.apply(weight).ok()?;
            (multiplier > 0).then(|| WeightedStrategy {
                strategy,
                symbol: asset.symbol.clone(),
                multiplier: Multiplier(multiplier),
            })
        })
        .collect()
}

/// The market asset that a strategy of a deployment is played as, where it is known.
fn collateral(snapshot: &Snapshot, one: &WeightedStrategy) -> Option<&'static str> {
    let known = snapshot
        .assets
        .iter()
        .find(|asset| asset.strategy == Some(one.strategy));
    match known {
        Some(asset) => Some(class_symbol(asset.class)),
        None if one.strategy == Address::BEACON_ETH => Some("ETH"),
        None if one.symbol == OWN => Some(OWN),
        None => None,
    }
}

/// Symbol of the service's own token, which no snapshot has.
const OWN: &str = "OWN";

/// The market asset that a class of strategies is played as.
fn class_symbol(class: AssetClass) -> &'static str {
    match class {
        AssetClass::Eth => "ETH",
        AssetClass::Lst => "LST",
        AssetClass::Eigen => "EIGEN",
        AssetClass::Btc => "BTC",
        AssetClass::Token => "TOKEN",
    }
}

fn quorum(
    model: &Model,
    decided: &Decided,
    numbers: &mut Numbers,
) -> Result<Quorum, RoundingError> {
    let design = &decided.design;
    let fixed = model.deployment.onchain.quorum;
    let at = |name: &str| format!("operator_sets/0/quorum/{name}");
    let ether = model
        .market
        .assets
        .iter()
        .find(|asset| asset.symbol == "ETH")
        .map_or(1.0, |asset| asset.price.get());
    let minimum_stake = match fixed.minimum_stake {
        Some(exact) => exact,
        None => numbers.round(
            &at("minimum_stake"),
            design.minimum_stake.map(|usd| usd / ether),
            "ETH",
            Rounding::MinimumStakeCeil,
        )?,
    };
    // An attacker needs the threshold; signatures pass when the rest of the weight could not
    // have been bought: for a safety threshold of one third, two thirds must sign.
    let signs = fixed.signs.map_or_else(
        || design.threshold.map(|share| (1.0 - share).max(share)),
        |share| Number::chosen(share.get()),
    );
    let max_operators = fixed
        .max_operators
        .map_or(design.operators, |count| Number::chosen(f64::from(count)));
    let newcomer = fixed.newcomer_above.map_or_else(
        || {
            decided
                .churn
                .map_or(KICK_OPERATOR, |churn| churn.operator_ratio)
        },
        |share| share.get(),
    );
    let replaceable = fixed.replaceable_below.map_or_else(
        || decided.churn.map_or(KICK_TOTAL, |churn| churn.total_share),
        |share| share.get(),
    );
    // Stake that counts must still be there when the slowest just slash lands.
    let look_ahead = fixed
        .look_ahead
        .map_or_else(|| slowest_slash(model, decided), |days| days.get());
    Ok(Quorum {
        stake_type: match fixed.counts {
            model::StakeCounts::Slashable => StakeType::TotalSlashable,
            model::StakeCounts::Delegated => StakeType::TotalDelegated,
        },
        max_operators: numbers.narrow(
            &at("max_operators"),
            max_operators,
            "operators",
            Rounding::OperatorsCeil,
        )?,
        kick_bips_of_operator_stake: Bips(numbers.narrow(
            &at("kick_bips_of_operator_stake"),
            Number::chosen(newcomer),
            "times the replaced operator's stake",
            Rounding::KickOperatorCeil,
        )?),
        kick_bips_of_total_stake: Bips(numbers.narrow(
            &at("kick_bips_of_total_stake"),
            Number::chosen(replaceable),
            "of the quorum's stake",
            Rounding::KickTotalFloor,
        )?),
        minimum_stake: Dec(minimum_stake),
        threshold: Bips(numbers.narrow(
            &at("threshold"),
            signs,
            "of the weight",
            Rounding::ThresholdCeil,
        )?),
        look_ahead: numbers.blocks(&at("look_ahead"), Number::chosen(look_ahead))?,
    })
}

/// The longest detection (its mean), dispute and veto together, in days, as far as the exit allows.
fn slowest_slash(model: &Model, decided: &Decided) -> f64 {
    decided
        .design
        .offences
        .iter()
        .zip(&model.slashing.offences)
        .map(|(rule, offence)| detection(offence) + rule.dispute.value + rule.veto.value)
        .fold(0.0, f64::max)
        .min(crate::spec::parameters::EXIT_WINDOW.get())
}

/// Mean days until a fault is noticed; a bare probability says nothing of time.
const fn detection(offence: &model::Offence) -> f64 {
    match offence.detection {
        Detection::Exponential { mean } => mean.get(),
        Detection::Probability(_) => 0.0,
    }
}

fn stake_table(
    table: &model::StakeTable,
    numbers: &mut Numbers,
) -> Result<StakeTable, RoundingError> {
    let seconds = numbers.narrow(
        "operator_sets/0/stake_table/max_staleness",
        Number::chosen(seconds(table.max_staleness.get())),
        "s",
        Rounding::SecondsCeil,
    )?;
    Ok(StakeTable {
        calculator: table.calculator,
        owner: table.owner,
        max_staleness: Seconds(seconds),
    })
}

/// Days in seconds, without the float's crumbs: 120 s are read as a fraction of a day.
fn seconds(days: f64) -> f64 {
    let exact = days * 86_400.0;
    let whole = exact.round();
    if (exact - whole).abs() < 1e-6 {
        whole
    } else {
        exact
    }
}

fn mailbox(
    tasks: &model::Tasks,
    quorum: Bips,
    numbers: &mut Numbers,
) -> Result<Mailbox, RoundingError> {
    let time = numbers.narrow(
        "operator_sets/0/mailbox/task_sla",
        Number::chosen(seconds(tasks.time.get())),
        "s",
        Rounding::SecondsCeil,
    )?;
    let threshold = match tasks.signs {
        Some(share) => Bips(numbers.narrow(
            "operator_sets/0/mailbox/threshold",
            Number::chosen(share.get()),
            "of the stake",
            Rounding::ThresholdCeil,
        )?),
        None => quorum,
    };
    Ok(Mailbox {
        task_hook: tasks.hook,
        task_sla: Seconds(time),
        fee_token: tasks.fee_token.unwrap_or(Address::ZERO),
        fee_collector: tasks.fee_collector.unwrap_or(Address::ZERO),
        threshold: Some(threshold),
    })
}
