//! Metadata, registrars and operator sets.

use super::{Reason, Revert, SetState, Trial, World};
use crate::export::action::Call;
use crate::export::address::{Address, BEACON_ETH, BURN};
use crate::export::arguments::{
    CreateRedistributingSets, NewSet, SetKey, SetRegistrar, SetStrategies, UpdateSlasher,
};
use crate::export::number::Dec;
use std::collections::BTreeSet;

impl World {
    pub(super) fn create_sets(&mut self, avs: Address, sets: &[NewSet], recipients: &[Address]) {
        for (index, set) in sets.iter().enumerate() {
            let state = SetState {
                strategies: set.strategies.iter().copied().collect(),
                slasher: set.slasher,
                pending_slasher: None,
                recipient: recipients.get(index).copied(),
            };
            self.sets.insert(
                SetKey {
                    avs,
                    id: set.operator_set_id,
                },
                state,
            );
        }
    }

    pub(super) fn add_strategies(&mut self, a: &SetStrategies) {
        if let Some(set) = self.sets.get_mut(&SetKey {
            avs: a.avs,
            id: a.operator_set_id,
        }) {
            set.strategies.extend(&a.strategies);
        }
    }

    pub(super) fn remove_strategies(&mut self, a: &SetStrategies) {
        if let Some(set) = self.sets.get_mut(&SetKey {
            avs: a.avs,
            id: a.operator_set_id,
        }) {
            set.strategies
                .retain(|strategy| !a.strategies.contains(strategy));
        }
    }

    pub(super) fn update_slasher(&mut self, a: &UpdateSlasher) {
        // Recorded: the new slasher counts one block after the delay, not at its end.
        let from = self.block + u64::from(self.network.limits.slasher_configuration_delay.0) + 1;
        let slasher_now = self.sets.get(&a.operator_set).map(|set| self.slasher(set));
        if let (Some(set), Some(now)) = (self.sets.get_mut(&a.operator_set), slasher_now) {
            set.slasher = now;
            if set
                .pending_slasher
                .is_none_or(|(pending, _)| pending != a.slasher)
            {
                set.pending_slasher = Some((a.slasher, from));
            }
        }
    }
}

/// Why a redistributing set refuses a strategy, and the nearest thing that it takes.
fn unpayable(strategy: Address, argument: String) -> Revert {
    let (asset, reason) = if strategy == BEACON_ETH {
        ("native ETH", "its slashed stake can only be burnt")
    } else {
        ("EIGEN", "its slashed stake goes another way")
    };
    Revert::named(
        "redistribution-strategy",
        "InvalidStrategy",
        argument,
        format!("a redistributing set cannot take {asset}: {reason}"),
        format!("split it in two: one redistributing set without {asset}, one burning set with it"),
    )
}

impl Trial<'_> {
    pub(super) fn set_registrar(&mut self, call: &Call, a: &SetRegistrar) -> Result<(), Revert> {
        self.can_call(call, a.avs, "avs")?;
        self.require(!self.world.accounts.contains(&a.registrar), || {
            Revert::named(
                "registrar-is-contract",
                "",
                "registrar",
                format!(
                    "{} is an account without code, which cannot answer",
                    a.registrar
                ),
                "deploy the registrar first",
            )
            .because(Reason::Empty)
        })?;
        let supported = self.world.registrar_contracts.get(&a.registrar).copied();
        self.require_known(supported == Some(a.avs), || {
            let wrong = match supported {
                Some(other) => format!("{} supports {other}, not this AVS", a.registrar),
                None => format!("whether {} supports this AVS is not known here", a.registrar),
            };
            let right = "name the registrar that was deployed for this AVS (supportsAVS(avs) must answer true)";
            Revert::named("registrar-supports-avs", "InvalidAVSRegistrar", "registrar", wrong, right)
        })
    }

    pub(super) fn has_metadata(&mut self, avs: Address) -> Result<(), Revert> {
        self.require_known(self.world.metadata.contains(&avs), || {
            Revert::named(
                "metadata-first",
                "NonexistentAVSMetadata",
                "avs",
                format!("the metadata of {avs} is not published"),
                "call updateAVSMetadataURI first",
            )
        })
    }

    /// A set that is used exists.
    pub(super) fn exists(&mut self, set: SetKey, argument: &str) -> Result<(), Revert> {
        self.require_known(self.world.sets.contains_key(&set), || {
            Revert::named(
                "set-exists",
                "InvalidOperatorSet",
                argument,
                format!("operator set {} of {} does not exist", set.id, set.avs),
                "create it first, or correct the id",
            )
        })
    }

    pub(super) fn new_set(
        &self,
        avs: Address,
        index: usize,
        sets: &[NewSet],
        place: &str,
    ) -> Result<(), Revert> {
        let set = &sets[index];
        let key = SetKey {
            avs,
            id: set.operator_set_id,
        };
        let twice = sets[..index]
            .iter()
            .any(|other| other.operator_set_id == set.operator_set_id);
        self.require(!twice && !self.world.sets.contains_key(&key), || {
            Revert::named(
                "set-id-unique",
                "InvalidOperatorSet",
                format!("{place}/operatorSetId"),
                format!("operator set {} exists already", set.operator_set_id),
                format!(
                    "choose a free id, such as {}",
                    free_id(self.world, avs, sets)
                ),
            )
        })?;
        self.require(!set.slasher.is_zero(), || {
            Revert::named(
                "slasher-not-zero",
                "InputAddressZero",
                format!("{place}/slasher"),
                "the slasher is the zero address",
                "name the slasher contract; a set that is never slashed names a contract that never does",
            )
        })?;
        self.fresh_strategies(&BTreeSet::new(), &set.strategies, place)
    }

    /// Strategies that are added are not there yet, nor named twice.
    fn fresh_strategies(
        &self,
        present: &BTreeSet<Address>,
        added: &[Address],
        place: &str,
    ) -> Result<(), Revert> {
        let mut seen = present.clone();
        for (index, strategy) in added.iter().enumerate() {
            self.require(seen.insert(*strategy), || {
                Revert::named(
                    "strategy-unique",
                    "StrategyAlreadyInOperatorSet",
                    format!("{place}/strategies/{index}"),
                    format!("{strategy} is in the set already"),
                    "name every strategy once",
                )
            })?;
        }
        Ok(())
    }

    pub(super) fn create_sets(
        &mut self,
        call: &Call,
        avs: Address,
        sets: &[NewSet],
    ) -> Result<(), Revert> {
        self.can_call(call, avs, "avs")?;
        self.has_metadata(avs)?;
        for index in 0..sets.len() {
            self.new_set(avs, index, sets, &format!("params/{index}"))?;
        }
        Ok(())
    }

    pub(super) fn create_redistributing_sets(
        &mut self,
        call: &Call,
        a: &CreateRedistributingSets,
    ) -> Result<(), Revert> {
        self.can_call(call, a.avs, "avs")?;
        let (sets, recipients) = (a.params.len(), a.redistribution_recipients.len());
        self.require(sets == recipients, || {
            Revert::named(
                "redistribution-lengths",
                "InputArrayLengthMismatch",
                "redistributionRecipients",
                format!("{sets} sets have {recipients} recipients"),
                "name one recipient for each set, in the same order",
            )
        })?;
        self.has_metadata(a.avs)?;
        for (index, (set, recipient)) in a
            .params
            .iter()
            .zip(&a.redistribution_recipients)
            .enumerate()
        {
            let refused = |error, wrong: &str| {
                let right =
                    "name the account that is to receive slashed stake, or create a burning set";
                let argument = format!("redistributionRecipients/{index}");
                Revert::named("redistribution-recipient", error, argument, wrong, right)
            };
            self.require(!recipient.is_zero(), || {
                refused("InputAddressZero", "the recipient is the zero address")
            })?;
            self.require(*recipient != BURN, || {
                refused(
                    "InvalidRedistributionRecipient",
                    "the recipient is the burn address",
                )
            })?;
            let place = format!("params/{index}");
            self.new_set(a.avs, index, &a.params, &place)?;
            self.payable_strategies(&set.strategies, &place)?;
        }
        Ok(())
    }

    fn payable_strategies(&self, strategies: &[Address], place: &str) -> Result<(), Revert> {
        let eigen = self.world.network.contracts.eigen_strategy;
        for (index, strategy) in strategies.iter().enumerate() {
            self.require(*strategy != BEACON_ETH && *strategy != eigen, || {
                unpayable(*strategy, format!("{place}/strategies/{index}"))
            })?;
        }
        Ok(())
    }

    pub(super) fn add_strategies(&mut self, call: &Call, a: &SetStrategies) -> Result<(), Revert> {
        self.can_call(call, a.avs, "avs")?;
        let key = SetKey {
            avs: a.avs,
            id: a.operator_set_id,
        };
        self.exists(key, "operatorSetId")?;
        let Some(set) = self.world.sets.get(&key) else {
            return Ok(());
        };
        if set.recipient.is_some() {
            self.payable_strategies(&a.strategies, "")?;
        }
        self.fresh_strategies(&set.strategies, &a.strategies, "")
    }

    pub(super) fn remove_strategies(
        &mut self,
        call: &Call,
        a: &SetStrategies,
    ) -> Result<(), Revert> {
        self.can_call(call, a.avs, "avs")?;
        let key = SetKey {
            avs: a.avs,
            id: a.operator_set_id,
        };
        self.exists(key, "operatorSetId")?;
        let Some(set) = self.world.sets.get(&key) else {
            return Ok(());
        };
        for (index, strategy) in a.strategies.iter().enumerate() {
            let there =
                set.strategies.contains(strategy) && !a.strategies[..index].contains(strategy);
            self.require(there, || {
                not_in_set(*strategy, key.id, format!("strategies/{index}"))
            })?;
        }
        Ok(())
    }

    pub(super) fn update_slasher(&mut self, call: &Call, a: &UpdateSlasher) -> Result<(), Revert> {
        self.can_call(call, a.operator_set.avs, "operatorSet/avs")?;
        self.exists(a.operator_set, "operatorSet/id")?;
        self.require(!a.slasher.is_zero(), || {
            let right = "name the slasher contract";
            Revert::named(
                "slasher-not-zero",
                "InputAddressZero",
                "slasher",
                "the slasher is the zero address",
                right,
            )
        })
    }
}

/// A strategy that should be in the set and is not.
pub(super) fn not_in_set(strategy: Address, set: Dec<u32>, argument: String) -> Revert {
    Revert::named(
        "strategy-in-set",
        "StrategyNotInOperatorSet",
        argument,
        format!("{strategy} is not in operator set {set}"),
        "name strategies of the set only, each once",
    )
}

fn free_id(world: &World, avs: Address, sets: &[NewSet]) -> u32 {
    let taken = |id: u32| {
        sets.iter().any(|set| set.operator_set_id.0 == id)
            || world.sets.contains_key(&SetKey { avs, id: Dec(id) })
    };
    (0..u32::MAX).find(|id| !taken(*id)).unwrap_or(u32::MAX)
}
