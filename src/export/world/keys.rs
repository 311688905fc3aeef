//! Signing keys, stake tables and tasks.

use super::{Revert, Trial};
use crate::export::action::Call;
use crate::export::arguments::{
    ConfigureKeys, Consensus, CreateTask, ReserveGeneration, SetTaskConfig,
};

/// A task configuration in force, and the newest stake table of its set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TaskState {
    /// Seconds that a task may take.
    pub sla: u128,
    /// Time of the newest table.
    pub table_time: u64,
    /// Seconds until its certificates go stale; 0 is never.
    pub max_staleness: u64,
}

impl Trial<'_> {
    pub(super) fn configure_keys(&mut self, call: &Call, a: &ConfigureKeys) -> Result<(), Revert> {
        self.can_call(call, a.operator_set.avs, "operatorSet/avs")?;
        self.require((1..=2).contains(&a.curve_type.0), || {
            Revert::named(
                "key-curve",
                "InvalidCurveType",
                "curveType",
                format!("{} is no kind of key", a.curve_type),
                "write 1 (ECDSA) or 2 (BN254)",
            )
        })?;
        self.require(!self.world.curves.contains_key(&a.operator_set), || {
            Revert::named(
                "key-once",
                "ConfigurationAlreadySet",
                "operatorSet/id",
                format!(
                    "set {} has a kind of key already, which cannot change",
                    a.operator_set.id
                ),
                "leave the call out, or create another set",
            )
        })
    }

    pub(super) fn reserve_generation(
        &mut self,
        call: &Call,
        a: &ReserveGeneration,
    ) -> Result<(), Revert> {
        self.can_call(call, a.operator_set.avs, "operatorSet/avs")?;
        self.exists(a.operator_set, "operatorSet/id")?;
        self.require_known(self.world.curves.contains_key(&a.operator_set), || {
            Revert::named(
                "key-before-table",
                "KeyTypeNotSet",
                "operatorSet/id",
                format!("set {} has no kind of key", a.operator_set.id),
                "call configureOperatorSet first",
            )
        })?;
        self.require(!self.world.tables.contains(&a.operator_set), || {
            let wrong = format!(
                "the stake table of set {} is reserved already",
                a.operator_set.id
            );
            Revert::named(
                "table-once",
                "GenerationReservationAlreadyExists",
                "operatorSet/id",
                wrong,
                "leave it out",
            )
        })?;
        let (period, limits) = (a.config.max_staleness_period.0, &self.world.network.limits);
        let cadence = limits.table_update_cadence.map_or(0, |cadence| cadence.0);
        self.require(period == 0 || period >= cadence, || {
            Revert::named(
                "table-staleness",
                "InvalidStalenessPeriod",
                "config/maxStalenessPeriod",
                format!("certificates would go stale after {period} s, before tables are renewed every {cadence} s"),
                format!("write at least {cadence} and the time of a task on top"),
            )
        })
    }

    pub(super) fn task_config(&self, call: &Call, a: &SetTaskConfig) -> Result<(), Revert> {
        let config = &a.config;
        let unset = |field: &str, wrong: &str, right: &str| {
            let (error, argument) = (
                "ExecutorOperatorSetTaskConfigNotSet",
                format!("config/{field}"),
            );
            Revert::named("task-config", error, argument, wrong, right)
        };
        self.require(config.curve_type.0 != 0, || {
            unset(
                "curveType",
                "the kind of key is none",
                "write 1 (ECDSA) or 2 (BN254), as the set's keys are",
            )
        })?;
        self.require(!config.task_hook.is_zero(), || {
            unset("taskHook", "there is no hook", "deploy the task hook first")
        })?;
        self.require(config.task_sla.0 > 0, || {
            unset("taskSLA", "the task time is 0", "write at least 1 second")
        })?;
        let longest = self
            .world
            .network
            .limits
            .max_task_sla
            .map_or(u128::MAX, |sla| u128::from(sla.0));
        self.require(config.task_sla.0 <= longest, || {
            Revert::named(
                "task-time",
                "TaskSLAExceedsMaximum",
                "config/taskSLA",
                format!(
                    "{} s is above {longest} s, the longest on {}",
                    config.task_sla, self.world.network.name
                ),
                if longest < 60 {
                    "use another network".into()
                } else {
                    format!("write at most {longest}")
                },
            )
        })?;
        self.require(consensus_is_valid(&config.consensus), || {
            Revert::named(
                "task-consensus",
                "InvalidConsensusValue",
                "config/consensus/value",
                "the value does not fit the kind of consensus",
                "write no value for none (0), or 32 bytes holding at most 10000 for a threshold (1)",
            )
        })?;
        let owner = self.world.table_owners.get(&a.operator_set).copied();
        self.require(owner.is_none_or(|owner| owner == call.from), || {
            let wrong = match owner {
                Some(owner) if !owner.is_zero() => {
                    format!(
                        "{} is not the owner of the set's stake table, {owner}",
                        call.from
                    )
                }
                _ => format!("no stake table of set {} has arrived", a.operator_set.id),
            };
            Revert::named(
                "task-owner",
                "InvalidOperatorSetOwner",
                "operatorSet",
                wrong,
                "send it from the table's owner, after the table was transported",
            )
        })
    }

    pub(super) fn create_task(&mut self, a: &CreateTask) -> Result<(), Revert> {
        let task = &a.task_params;
        self.require(!task.payload.0.is_empty(), || {
            Revert::named(
                "task-payload",
                "PayloadIsEmpty",
                "taskParams/payload",
                "the task says nothing",
                "give operators something to do",
            )
        })?;
        let set = task.executor_operator_set;
        let state = self.world.tasks.get(&set).copied();
        self.require_known(state.is_some(), || {
            Revert::named(
                "task-set-registered",
                "ExecutorOperatorSetNotRegistered",
                "taskParams/executorOperatorSet/id",
                format!("set {} takes no tasks", set.id),
                "call setExecutorOperatorSetTaskConfig first",
            )
        })?;
        let Some(state) = state else { return Ok(()) };
        let ends = u128::from(self.world.time) + state.sla;
        let stale = u128::from(state.table_time) + u128::from(state.max_staleness);
        self.require(state.max_staleness == 0 || ends <= stale, || {
            let late = ends - stale;
            Revert::named(
                "certificate-fresh",
                "CertificateStale",
                "taskParams/executorOperatorSet/id",
                format!(
                    "certificates of the set's newest table go stale {late} s before the task may end ({} s after its start)",
                    state.sla
                ),
                format!(
                    "wait for the next table, or reserve it with a maxStalenessPeriod of at least {}",
                    u128::from(state.max_staleness) + late
                ),
            )
        })
    }
}

fn consensus_is_valid(consensus: &Consensus) -> bool {
    let value = &consensus.value.0;
    match consensus.consensus_type.0 {
        0 => value.is_empty(),
        1 => threshold_of(value).is_some_and(|bips| bips <= 10_000),
        _ => false,
    }
}

/// The basis points in a threshold's word; `None` when it is no word or beyond 16 bits.
#[must_use]
pub fn threshold_of(word: &[u8]) -> Option<u16> {
    let word: &[u8; 32] = word.try_into().ok()?;
    word[..30]
        .iter()
        .all(|byte| *byte == 0)
        .then(|| u16::from_be_bytes([word[30], word[31]]))
}
