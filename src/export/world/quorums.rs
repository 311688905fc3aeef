//! Quorums of the middleware: who creates one, what it weighs, whom it admits and whom a newcomer replaces.
//!
//! The coordinator creates the operator set of a quorum first and hands the weights to the stake registry
//! last, so the core's errors come before the registry's.

use super::{Reason, Revert, Trial, World};
use crate::export::action::Call;
use crate::export::address::{Address, selector};
use crate::export::arguments::{
    AddQuorumStrategies, ModifyQuorumStrategies, NewSet, QuorumLimits, RegisterForSets,
    RemoveQuorumStrategies, SetKey, StrategyAndMultiplier,
};
use crate::export::network::{MAX_QUORUMS, MAX_STRATEGIES_PER_QUORUM, UINT96_MAX};
use crate::export::number::Dec;
use std::collections::BTreeMap;

/// What a coordinator calls on the core in the name of its AVS.
pub const CREATE_SETS: &str = "createOperatorSets(address,(uint32,address[],address)[])";
/// The same of its stake registry.
pub const ADD_STRATEGIES: &str = "addStrategiesToOperatorSet(address,uint32,address[])";

/// The quorum contracts of an AVS, as far as they are known.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CoordinatorState {
    /// The AVS it works for.
    pub avs: Address,
    /// Who creates quorums.
    pub owner: Address,
    /// The stake registry beside it.
    pub stake_registry: Address,
    /// Number of quorums.
    pub count: usize,
    /// Those that a call asks about.
    pub quorums: BTreeMap<u8, QuorumState>,
}

/// A quorum.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct QuorumState {
    /// Most operators.
    pub max_operators: u32,
    /// Basis points of the replaced operator's weight that a newcomer passes.
    pub kick_operator: u16,
    /// Basis points of the total weight below which one may be replaced.
    pub kick_total: u16,
    /// Least weight of a member.
    pub minimum: u128,
    /// Number of members.
    pub members: u32,
    /// Weight of all members.
    pub total: u128,
}

impl QuorumState {
    /// A new quorum without members.
    #[must_use]
    pub fn new(limits: &QuorumLimits, minimum: u128) -> Self {
        Self {
            max_operators: limits.max_operator_count.0,
            kick_operator: limits.kick_bips_of_operator_stake.0,
            kick_total: limits.kick_bips_of_total_stake.0,
            minimum,
            ..Self::default()
        }
    }
}

/// A quorum that a call creates; without a look-ahead it counts delegated stake.
#[derive(Debug, Clone, Copy)]
pub(super) struct NewQuorum<'a> {
    pub limits: &'a QuorumLimits,
    pub minimum: u128,
    pub weights: &'a [StrategyAndMultiplier],
    pub slashable: Option<(u32, Address)>,
}

impl World {
    pub(super) fn create_quorum(&mut self, coordinator: Address, new: NewQuorum<'_>) {
        let Some(state) = self.coordinators.get_mut(&coordinator) else {
            return;
        };
        let Ok(number) = u8::try_from(state.count) else {
            return;
        };
        state.count += 1;
        state
            .quorums
            .insert(number, QuorumState::new(new.limits, new.minimum));
        let avs = state.avs;
        self.create_sets(avs, &[new.set(number)], &[]);
    }

    pub(super) fn add_weights(&mut self, registry: Address, a: &AddQuorumStrategies) {
        let mut known = self.coordinators.values();
        let avs = known
            .find(|state| state.stake_registry == registry)
            .map(|state| state.avs);
        let Some(avs) = avs else { return };
        let key = SetKey {
            avs,
            id: Dec(a.quorum_number.0.into()),
        };
        if let Some(set) = self.sets.get_mut(&key) {
            let added = a.strategy_params.iter().map(|weight| weight.strategy);
            set.strategies.extend(added);
        }
    }

    /// Counts a newcomer in the quorums of its registrar.
    pub(super) fn join_quorums(&mut self, a: &RegisterForSets) {
        let registrar = self.registrars.get(&a.params.avs).copied();
        let Some(state) = registrar.and_then(|registrar| self.coordinators.get_mut(&registrar))
        else {
            return;
        };
        for id in &a.params.operator_set_ids {
            let number = u8::try_from(id.0).unwrap_or(u8::MAX);
            let weight = self.weights.get(&(number, a.operator)).copied();
            if let Some(quorum) = state.quorums.get_mut(&number) {
                quorum.members += 1;
                quorum.total = quorum.total.saturating_add(weight.unwrap_or(0));
            }
        }
    }
}

impl NewQuorum<'_> {
    /// The operator set that it becomes. Quorums of delegated stake get a slasher that slashes nobody.
    fn set(&self, number: u8) -> NewSet {
        let nobody = Address([0xff; 20]);
        NewSet {
            operator_set_id: Dec(number.into()),
            strategies: self.weights.iter().map(|weight| weight.strategy).collect(),
            slasher: self.slashable.map_or(nobody, |(_, slasher)| slasher),
        }
    }
}

impl Trial<'_> {
    pub(super) fn create_quorum(&mut self, call: &Call, new: NewQuorum<'_>) -> Result<(), Revert> {
        if let Some(state) = self.world.coordinators.get(&call.to) {
            self.require(state.owner == call.from, || {
                let why = Reason::Message("Ownable: caller is not the owner");
                not_owner(call, state, "").because(why)
            })?;
            self.require(state.count < MAX_QUORUMS, || {
                Revert::named(
                    "quorum-number",
                    "MaxQuorumsReached",
                    "",
                    format!("there are {MAX_QUORUMS} quorums already, the most there can be"),
                    "weigh the strategies in a quorum that exists (addStrategies of the stake registry)",
                )
            })?;
            let number = u8::try_from(state.count).expect("192 quorums are counted in 8 bits");
            self.through_core(call.to, state.avs, CREATE_SETS)?;
            self.has_metadata(state.avs)?;
            self.set_of_quorum(state.avs, &new.set(number))?;
        }
        if let Some((blocks, _)) = new.slashable {
            let delay = self.world.network.limits.deallocation_delay.0;
            self.require(blocks <= delay, || {
                let network = &self.world.network.name;
                Revert::named(
                    "quorum-look-ahead",
                    "LookAheadPeriodTooLong",
                    "lookAheadPeriod",
                    format!("the look-ahead of {blocks} blocks is beyond the {delay} for which stake stays on {network}"),
                    format!("write at most {delay}"),
                )
            })?;
        }
        self.weights(new.weights, &[])
    }

    pub(super) fn add_quorum_strategies(
        &mut self,
        call: &Call,
        a: &AddQuorumStrategies,
    ) -> Result<(), Revert> {
        let number = a.quorum_number.0;
        let mut known = self.world.coordinators.values();
        let Some(state) = known.find(|state| state.stake_registry == call.to) else {
            return self.weights(&a.strategy_params, &[]);
        };
        self.require(state.owner == call.from, || {
            not_owner(call, state, "OnlySlashingRegistryCoordinatorOwner")
        })?;
        self.require(usize::from(number) < state.count, || {
            Revert::named(
                "quorum-exists",
                "QuorumDoesNotExist",
                "quorumNumber",
                format!("there is no quorum {number} among {}", state.count),
                "create it first, or correct the number",
            )
        })?;
        let key = SetKey {
            avs: state.avs,
            id: Dec(number.into()),
        };
        let set = self.world.sets.get(&key);
        let present: Vec<_> = set
            .into_iter()
            .flat_map(|set| set.strategies.iter().copied())
            .collect();
        self.weights(&a.strategy_params, &present)?;
        self.through_core(call.to, state.avs, ADD_STRATEGIES)
    }

    pub(super) fn remove_quorum_strategies(
        &self,
        a: &RemoveQuorumStrategies,
    ) -> Result<(), Revert> {
        let indices = &a.indices_to_remove;
        self.require(!indices.is_empty(), || {
            Revert::named(
                "quorum-strategies",
                "InputArrayLengthZero",
                "indicesToRemove",
                "nothing is removed",
                "name the indices of the strategies",
            )
        })
    }

    pub(super) fn modify_quorum_strategies(
        &self,
        a: &ModifyQuorumStrategies,
    ) -> Result<(), Revert> {
        let (indices, multipliers) = (a.strategy_indices.len(), a.new_multipliers.len());
        self.require(indices > 0, || {
            Revert::named(
                "quorum-strategies",
                "InputArrayLengthZero",
                "strategyIndices",
                "no weight is changed",
                "name the indices of the strategies",
            )
        })?;
        self.require(indices == multipliers, || {
            Revert::named(
                "json-lengths",
                "InputArrayLengthMismatch",
                "newMultipliers",
                format!("{indices} strategies get {multipliers} multipliers"),
                "name one for each",
            )
        })
    }

    /// A contract of the AVS's own calls the core in the AVS's name.
    fn through_core(
        &mut self,
        contract: Address,
        avs: Address,
        function: &str,
    ) -> Result<(), Revert> {
        let manager = self.world.network.contracts.allocation_manager;
        let right = (avs, contract, manager, selector(function));
        let holds = self.world.is_admin(avs, contract) || self.world.appointees.contains(&right);
        self.require_known(holds, || {
            let name = function.split('(').next().unwrap_or_default();
            Revert::named(
                "permission",
                "InvalidPermissions",
                "",
                format!("{contract} may not call {name} in the name of {avs}"),
                format!("let {avs} appoint it first: setAppointee for {name} of {manager}"),
            )
        })
    }

    /// The operator set behind a new quorum, under the quorum's own names of its arguments.
    fn set_of_quorum(&self, avs: Address, set: &NewSet) -> Result<(), Revert> {
        let renamed = |mut revert: Revert| {
            let argument = revert.argument.trim_start_matches('/').to_owned();
            revert.argument = match argument.split_once('/') {
                Some(("strategies", index)) => format!("strategyParams/{index}/strategy"),
                _ if argument == "operatorSetId" => String::new(),
                _ => argument,
            };
            revert
        };
        self.new_set(avs, 0, std::slice::from_ref(set), "")
            .map_err(renamed)
    }

    /// Weights as the stake registry takes them, beside those that are there.
    fn weights(&self, added: &[StrategyAndMultiplier], present: &[Address]) -> Result<(), Revert> {
        let refused = |check, error, argument: String, wrong: String, right: &str| {
            Revert::named(check, error, argument, wrong, right)
        };
        self.require(!added.is_empty(), || {
            refused(
                "quorum-strategies",
                "InputArrayLengthZero",
                "strategyParams".into(),
                "the quorum weighs no strategy".into(),
                "weigh 1 to 32 strategies",
            )
        })?;
        let count = present.len() + added.len();
        self.require(count <= MAX_STRATEGIES_PER_QUORUM, || {
            refused(
                "quorum-strategies",
                "InputArrayLengthMismatch",
                "strategyParams".into(),
                format!("the quorum weighs {count} strategies"),
                "weigh at most 32",
            )
        })?;
        for (index, weight) in added.iter().enumerate() {
            let before = added[..index].iter().map(|weight| weight.strategy);
            let twice = before
                .chain(present.iter().copied())
                .any(|strategy| strategy == weight.strategy);
            self.require(!twice, || {
                refused(
                    "quorum-strategy-unique",
                    "InputDuplicateStrategy",
                    format!("strategyParams/{index}/strategy"),
                    format!("{} is weighed already", weight.strategy),
                    "weigh it once; modifyStrategyParams changes its weight",
                )
            })?;
            self.require(weight.multiplier.0 > 0, || {
                refused(
                    "quorum-multiplier",
                    "InputMultiplierZero",
                    format!("strategyParams/{index}/multiplier"),
                    format!("{} counts for nothing", weight.strategy),
                    "leave the strategy out",
                )
            })?;
        }
        Ok(())
    }

    /// What the coordinator asks of an operator that registers.
    pub(super) fn admission(&self, a: &RegisterForSets) -> Result<(), Revert> {
        let registrar = self.world.registrars.get(&a.params.avs);
        let Some(state) = registrar.and_then(|at| self.world.coordinators.get(at)) else {
            return Ok(());
        };
        let joins: Vec<_> = a
            .params
            .operator_set_ids
            .iter()
            .enumerate()
            .filter_map(|(index, id)| {
                let number = u8::try_from(id.0).ok()?;
                let weight = self.world.weights.get(&(number, a.operator))?;
                Some((index, number, state.quorums.get(&number)?, *weight))
            })
            .collect();
        for (index, number, quorum, weight) in &joins {
            self.require(*weight >= quorum.minimum, || {
                Revert::named(
                    "quorum-admission",
                    "BelowMinimumStakeRequirement",
                    format!("params/operatorSetIds/{index}"),
                    format!(
                        "{} weighs {weight} in quorum {number}, whose minimum is {}",
                        a.operator, quorum.minimum
                    ),
                    "delegate or allocate more stake to it, or lower the minimum",
                )
            })?;
        }
        let replaced = Replaced::read(&a.params.data.0);
        for (index, number, quorum, weight) in joins {
            if quorum.members < quorum.max_operators {
                continue;
            }
            let Some(replaced) = replaced.as_ref().and_then(|list| list.get(index)) else {
                return Err(Revert::named(
                    "quorum-admission",
                    "MaxOperatorCountReached",
                    format!("params/operatorSetIds/{index}"),
                    format!("quorum {number} has its {} operators", quorum.max_operators),
                    "register with churn, naming the operator to replace",
                ));
            };
            self.churn(index, *replaced, quorum, weight)?;
        }
        Ok(())
    }

    /// A newcomer outweighs the one it replaces, which holds a small share; both products are of 96 bits.
    fn churn(
        &self,
        index: usize,
        replaced: Replaced,
        quorum: &QuorumState,
        weight: u128,
    ) -> Result<(), Revert> {
        let Some(old) = self
            .world
            .weights
            .get(&(replaced.quorum, replaced.operator))
        else {
            return Ok(());
        };
        let place = format!("params/data/operatorKickParams/{index}/operator");
        let total = quorum.total.saturating_add(weight);
        let product = |stake: u128, bips: u16, whose: &str| {
            let product = stake.saturating_mul(bips.into());
            self.require(product <= UINT96_MAX, || {
                let wrong = format!("{whose} of {stake} times {bips} basis points passes uint96");
                let right = "scale multipliers and the minimum stake down together";
                Revert::named("churn-overflow", "", place.clone(), wrong, right)
                    .because(Reason::Panic(0x11))
            })
            .map(|()| product / 10_000)
        };
        let bar = product(*old, quorum.kick_operator, "the replaced weight")?;
        self.require(weight > bar, || {
            Revert::named(
                "quorum-churn",
                "InsufficientStakeForChurn",
                place.clone(),
                format!(
                    "the newcomer weighs {weight}, not above {bar}: {} basis points of {}'s {old}",
                    quorum.kick_operator, replaced.operator
                ),
                "name a smaller operator, or bring more stake",
            )
        })?;
        let ceiling = product(total, quorum.kick_total, "the total weight")?;
        self.require(*old < ceiling, || {
            Revert::named(
                "quorum-churn",
                "CannotKickOperatorAboveThreshold",
                place.clone(),
                format!(
                    "{} weighs {old}, not below {ceiling}: {} basis points of the total {total}",
                    replaced.operator, quorum.kick_total
                ),
                "name an operator with a smaller share",
            )
        })
    }
}

fn not_owner(call: &Call, state: &CoordinatorState, error: &'static str) -> Revert {
    Revert::named(
        "quorum-owner",
        error,
        "",
        format!("{} is not the owner of the quorum contracts", call.from),
        format!("send it from {}", state.owner),
    )
}

/// `OperatorKickParam`: whom a newcomer replaces.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Replaced {
    /// In which quorum.
    pub quorum: u8,
    /// Whom.
    pub operator: Address,
}

impl Replaced {
    /// Those named in a registration's data; `None` when it is a normal one or does not decode.
    ///
    /// The data are `(RegistrationType, string, PubkeyRegistrationParams, OperatorKickParam[], Signature)`: one
    /// word for the type (1 is churn), an offset, eight words of keys, and the offset of the list.
    #[must_use]
    pub fn read(data: &[u8]) -> Option<Vec<Self>> {
        let word = |index: usize| data.get(index * 32..index * 32 + 32);
        let number = |index: usize| {
            let word = word(index)?;
            let small = word[..24].iter().all(|byte| *byte == 0);
            let last: [u8; 8] = word[24..].try_into().ok()?;
            small.then(|| usize::try_from(u64::from_be_bytes(last)).ok())?
        };
        if number(0)? != 1 {
            return None;
        }
        let list = number(10)?;
        if list % 32 != 0 {
            return None;
        }
        let start = list / 32;
        (0..number(start)?.min(MAX_QUORUMS))
            .map(|entry| {
                let at = start + 1 + 2 * entry;
                Some(Self {
                    quorum: u8::try_from(number(at)?).ok()?,
                    operator: Address(word(at + 1)?[12..].try_into().ok()?),
                })
            })
            .collect()
    }
}
