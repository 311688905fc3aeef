//! Registration, allocation and slashing of operators.

use super::sets::not_in_set;
use super::{AllocationState, OperatorState, Reason, RegistrationState, Revert, Trial, World};
use crate::export::action::Call;
use crate::export::address::Address;
use crate::export::arguments::{
    DeregisterFromSets, ModifyAllocations, NewAllocation, RegisterForSets, SetKey, SlashOperator,
};
use crate::units::WAD;

impl World {
    /// True when the operator can be slashed by the set at the world's block.
    #[must_use]
    pub fn is_slashable(&self, operator: Address, set: SetKey) -> bool {
        let registration = self.registrations.get(&(operator, set));
        registration.is_some_and(|found| found.registered || self.block <= found.slashable_until)
    }

    pub(super) fn register_operator(&mut self, operator: Address, delay: u32) {
        self.operators.insert(
            operator,
            OperatorState {
                delay: Some(delay),
                ..OperatorState::default()
            },
        );
        self.delegations.insert(operator, operator);
    }

    pub(super) fn register(&mut self, a: &RegisterForSets) {
        for id in &a.params.operator_set_ids {
            let key = (
                a.operator,
                SetKey {
                    avs: a.params.avs,
                    id: *id,
                },
            );
            self.registrations.insert(
                key,
                RegistrationState {
                    registered: true,
                    slashable_until: 0,
                },
            );
        }
    }

    pub(super) fn deregister(&mut self, a: &DeregisterFromSets) {
        let slashable_until = self.block + u64::from(self.network.limits.deallocation_delay.0);
        for id in &a.params.operator_set_ids {
            let key = (
                a.params.operator,
                SetKey {
                    avs: a.params.avs,
                    id: *id,
                },
            );
            self.registrations.insert(
                key,
                RegistrationState {
                    registered: false,
                    slashable_until,
                },
            );
        }
    }

    /// Marks the change as pending, or makes it when nothing delays it; releases are left to the chain.
    pub(super) fn modify_allocations(&mut self, a: &ModifyAllocations) {
        let Some(delay) = self
            .operators
            .get(&a.operator)
            .and_then(|operator| operator.delay)
        else {
            return;
        };
        for param in &a.params {
            for (strategy, magnitude) in param.strategies.iter().zip(&param.new_magnitudes) {
                let key = (a.operator, param.operator_set, *strategy);
                let before = self.allocation(key);
                let pending = i128::from(magnitude.0) - i128::from(before.current);
                let effect_block = self.block + u64::from(delay);
                let after = if pending > 0 && delay > 0 {
                    AllocationState {
                        pending,
                        effect_block,
                        ..before
                    }
                } else {
                    AllocationState {
                        current: magnitude.0,
                        ..AllocationState::default()
                    }
                };
                self.allocations.insert(key, after);
                let operator = self.operators.entry(a.operator).or_default();
                let encumbered = operator.encumbered.entry(*strategy).or_default();
                *encumbered =
                    u64::try_from((i128::from(*encumbered) + pending).max(0)).unwrap_or(u64::MAX);
            }
        }
    }

    /// The allocation at the world's block: a pending change that is due counts.
    fn allocation(&self, key: (Address, SetKey, Address)) -> AllocationState {
        let stored = self.allocations.get(&key).copied().unwrap_or_default();
        if stored.pending == 0 || self.block < stored.effect_block {
            return stored;
        }
        let current = u64::try_from(i128::from(stored.current) + stored.pending).unwrap_or(0);
        AllocationState {
            current,
            ..AllocationState::default()
        }
    }
}

impl Trial<'_> {
    pub(super) fn register(&mut self, call: &Call, a: &RegisterForSets) -> Result<(), Revert> {
        self.can_call(call, a.operator, "operator")?;
        self.require_known(self.world.operators.contains_key(&a.operator), || {
            let wrong = format!("{} is not an operator", a.operator);
            Revert::named(
                "operator-known",
                "InvalidOperator",
                "operator",
                wrong,
                "call registerAsOperator first",
            )
        })?;
        let avs = a.params.avs;
        for (index, id) in a.params.operator_set_ids.iter().enumerate() {
            let (key, argument) = (
                SetKey { avs, id: *id },
                format!("params/operatorSetIds/{index}"),
            );
            self.exists(key, &argument)?;
            self.require(!self.world.is_slashable(a.operator, key), || {
                Revert::named(
                    "operator-not-member",
                    "AlreadyMemberOfSet",
                    argument,
                    format!(
                        "{} is in set {id}, or left it less than the delay ago",
                        a.operator
                    ),
                    "wait until it can no longer be slashed",
                )
            })?;
        }
        let registrar = self.world.registrars.get(&avs).copied().unwrap_or(avs);
        self.require(!self.world.accounts.contains(&registrar), || {
            Revert::named(
                "registrar-is-contract",
                "",
                "params/avs",
                format!("{registrar} is asked to admit operators and has no code"),
                "set a registrar contract first",
            )
            .because(Reason::Empty)
        })
    }

    pub(super) fn deregister(&mut self, call: &Call, a: &DeregisterFromSets) -> Result<(), Revert> {
        let params = &a.params;
        let may =
            self.world.may_call(call, params.operator) || self.world.may_call(call, params.avs);
        self.require_known(may, || {
            let wrong = format!("{} is neither the operator nor the AVS", call.from);
            Revert::named(
                "operator-caller",
                "InvalidCaller",
                "params",
                wrong,
                "send it from either",
            )
        })?;
        for (index, id) in params.operator_set_ids.iter().enumerate() {
            let (key, argument) = (
                SetKey {
                    avs: params.avs,
                    id: *id,
                },
                format!("params/operatorSetIds/{index}"),
            );
            self.exists(key, &argument)?;
            let registration = self.world.registrations.get(&(params.operator, key));
            let registered = registration.is_some_and(|found| found.registered);
            self.require_known(registered, || {
                let wrong = format!("{} is not in set {id}", params.operator);
                Revert::named(
                    "operator-member",
                    "NotMemberOfSet",
                    argument,
                    wrong,
                    "name sets it is in",
                )
            })?;
        }
        Ok(())
    }

    pub(super) fn modify_allocations(
        &mut self,
        call: &Call,
        a: &ModifyAllocations,
    ) -> Result<(), Revert> {
        self.can_call(call, a.operator, "operator")?;
        let operator = self.world.operators.get(&a.operator);
        let delay = operator.and_then(|operator| operator.delay);
        self.require_known(delay.is_some(), || {
            Revert::named(
                "allocation-delay",
                "UninitializedAllocationDelay",
                "operator",
                format!("{} has no allocation delay", a.operator),
                "register as an operator, or set a delay and wait for it",
            )
        })?;
        let (Some(operator), Some(delay)) = (operator, delay) else {
            return Ok(());
        };
        let mut operator = operator.clone();
        for (index, param) in a.params.iter().enumerate() {
            self.allocation_change(
                a.operator,
                &mut operator,
                delay,
                param,
                &format!("params/{index}"),
            )?;
        }
        Ok(())
    }

    fn allocation_change(
        &mut self,
        account: Address,
        operator: &mut OperatorState,
        delay: u32,
        param: &NewAllocation,
        place: &str,
    ) -> Result<(), Revert> {
        self.require(param.strategies.len() == param.new_magnitudes.len(), || {
            let (argument, wrong) = (
                format!("{place}/newMagnitudes"),
                "strategies and magnitudes differ in number",
            );
            let right = "name one magnitude for each strategy";
            Revert::named(
                "allocation-lengths",
                "InputArrayLengthMismatch",
                argument,
                wrong,
                right,
            )
        })?;
        self.exists(param.operator_set, &format!("{place}/operatorSet"))?;
        for (index, (strategy, magnitude)) in param
            .strategies
            .iter()
            .zip(&param.new_magnitudes)
            .enumerate()
        {
            let argument = format!("{place}/newMagnitudes/{index}");
            let before = self
                .world
                .allocation((account, param.operator_set, *strategy));
            self.require(before.pending == 0, || {
                let wrong = format!("a change is pending until block {}", before.effect_block);
                let right = "wait until it is in force";
                Revert::named(
                    "allocation-pending",
                    "ModificationAlreadyPending",
                    argument.clone(),
                    wrong,
                    right,
                )
            })?;
            self.require(before.current != magnitude.0, || {
                let wrong = format!("the magnitude is {magnitude} already");
                Revert::named(
                    "allocation-changes",
                    "SameMagnitude",
                    argument.clone(),
                    wrong,
                    "leave it out",
                )
            })?;
            if magnitude.0 < before.current {
                continue;
            }
            let left = operator.max_magnitude.get(strategy).copied().unwrap_or(WAD);
            let encumbered = operator.encumbered.entry(*strategy).or_default();
            let wanted = u128::from(*encumbered) + u128::from(magnitude.0 - before.current);
            self.require(wanted <= u128::from(left), || {
                let wrong = format!("{wanted} would be allocated of {left}");
                let right = "free magnitude elsewhere first";
                Revert::named(
                    "allocation-room",
                    "InsufficientMagnitude",
                    argument.clone(),
                    wrong,
                    right,
                )
            })?;
            *encumbered = u64::try_from(wanted).unwrap_or(u64::MAX);
            let block = u32::try_from(self.world.block).unwrap_or(u32::MAX);
            self.require(block.checked_add(delay).is_some(), || {
                let wrong = format!("the allocation delay {delay} runs past the end of the clock");
                let right = "set a shorter delay and wait for it";
                Revert::named("allocation-delay", "", "operator", wrong, right)
                    .because(Reason::Panic(0x11))
            })?;
        }
        Ok(())
    }

    pub(super) fn slash(&mut self, call: &Call, a: &SlashOperator) -> Result<(), Revert> {
        let params = &a.params;
        self.require(
            params.strategies.len() == params.wads_to_slash.len(),
            || {
                let wrong = format!(
                    "{} strategies have {} shares",
                    params.strategies.len(),
                    params.wads_to_slash.len()
                );
                let right = "name one share for each strategy";
                Revert::named(
                    "slash-lengths",
                    "InputArrayLengthMismatch",
                    "params/wadsToSlash",
                    wrong,
                    right,
                )
            },
        )?;
        let key = SetKey {
            avs: a.avs,
            id: params.operator_set_id,
        };
        self.exists(key, "params/operatorSetId")?;
        self.require_known(self.world.is_slashable(params.operator, key), || {
            Revert::named(
                "slash-operator",
                "OperatorNotSlashable",
                "params/operator",
                format!(
                    "{} is not in set {}, nor left it less than the delay ago",
                    params.operator, key.id
                ),
                "slash operators of the set, before the deallocation delay is over",
            )
        })?;
        let set = self.world.sets.get(&key);
        let slasher = set.map(|set| self.world.slasher(set));
        self.require_known(slasher == Some(call.from), || {
            let expected =
                slasher.map_or("not known here".to_owned(), |slasher| slasher.to_string());
            let wrong = format!(
                "{} is not the slasher of the set, which is {expected}",
                call.from
            );
            Revert::named(
                "slash-caller",
                "InvalidCaller",
                "",
                wrong,
                "send it from the slasher",
            )
        })?;
        for (index, (strategy, wad)) in params
            .strategies
            .iter()
            .zip(&params.wads_to_slash)
            .enumerate()
        {
            let previous = index.checked_sub(1).map(|before| params.strategies[before]);
            self.require(previous.is_none_or(|previous| previous < *strategy), || {
                Revert::named(
                    "slash-order",
                    "StrategiesMustBeInAscendingOrder",
                    format!("params/strategies/{index}"),
                    format!(
                        "{strategy} does not come after {}",
                        previous.unwrap_or_default()
                    ),
                    "sort strategies by address and name each once",
                )
            })?;
            self.require(wad.0 > 0 && wad.0 <= u128::from(WAD), || {
                Revert::named(
                    "slash-range",
                    "InvalidWadToSlash",
                    format!("params/wadsToSlash/{index}"),
                    format!("{wad} wads are not between 1 and 1e18"),
                    "write the share of the set's allocation times 1e18",
                )
            })?;
            let inside = set.is_none_or(|set| set.strategies.contains(strategy));
            self.require(inside, || {
                not_in_set(*strategy, key.id, format!("params/strategies/{index}"))
            })?;
        }
        Ok(())
    }
}
