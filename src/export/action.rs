//! The calls that contracts of EigenLayer accept, with their arguments named as the contracts name them.
//!
//! This is the common form of everything: exports build it, calldata and JSON are two spellings of it,
//! and [`super::lint`] plays it.

use super::address::{Address, selector};
use super::arguments::*;
use super::network::Network;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::fmt;

/// Which contract a call goes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Contract {
    /// Operator sets, allocations, slashing.
    AllocationManager,
    /// Operators and delegation.
    DelegationManager,
    /// Deposits and slashed shares.
    StrategyManager,
    /// Rewards submissions.
    RewardsCoordinator,
    /// Admins and appointees.
    PermissionController,
    /// Signing keys.
    KeyRegistrar,
    /// Stake tables.
    CrossChainRegistry,
    /// Tasks.
    TaskMailbox,
    /// Any ERC-20.
    Token,
    /// Quorums of an AVS: a deployment of its own.
    SlashingRegistryCoordinator,
    /// Weights of those quorums.
    StakeRegistry,
}

impl Contract {
    /// Its address on a network; `None` where it is not deployed, for tokens and for what an AVS deploys itself.
    #[must_use]
    pub fn address(self, network: &Network) -> Option<Address> {
        let contracts = &network.contracts;
        match self {
            Self::AllocationManager => Some(contracts.allocation_manager),
            Self::DelegationManager => Some(contracts.delegation_manager),
            Self::StrategyManager => Some(contracts.strategy_manager),
            Self::RewardsCoordinator => Some(contracts.rewards_coordinator),
            Self::PermissionController => Some(contracts.permission_controller),
            Self::KeyRegistrar => Some(contracts.key_registrar),
            Self::CrossChainRegistry => contracts.cross_chain_registry,
            Self::TaskMailbox => contracts.task_mailbox,
            Self::Token | Self::SlashingRegistryCoordinator | Self::StakeRegistry => None,
        }
    }

    /// True for what exists once a network; tokens and an AVS's own contracts may be anywhere.
    #[must_use]
    pub const fn is_of_protocol(self) -> bool {
        !matches!(
            self,
            Self::Token | Self::SlashingRegistryCoordinator | Self::StakeRegistry
        )
    }
}

impl fmt::Display for Contract {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

/// Why named arguments are not a call.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ActionError {
    /// No function with this signature is known.
    #[error("the function `{0}` is not known here")]
    Unknown(String),
    /// The arguments do not fit the function.
    #[error("arguments of `{function}`: {problem}")]
    Arguments {
        /// Its name.
        function: String,
        /// What does not fit.
        problem: String,
    },
}

macro_rules! actions {
    ($($(#[$doc:meta])* $variant:ident($arguments:ty) = $contract:ident $signature:literal;)*) => {
        /// One call, with its arguments.
        #[derive(Debug, Clone, PartialEq, Eq)]
        #[expect(missing_docs, reason = "each variant is the contract's function of the same name")]
        pub enum Action {
            $($variant($arguments),)*
        }

        impl Action {
            /// Every signature that is known, with the contract that answers it.
            pub const SIGNATURES: &[(Contract, &str)] = &[$((Contract::$contract, $signature),)*];

            /// The canonical signature, whose hash is the selector.
            #[must_use]
            pub const fn signature(&self) -> &'static str {
                match self { $(Self::$variant(_) => $signature,)* }
            }

            /// The contract it goes to.
            #[must_use]
            pub const fn contract(&self) -> Contract {
                match self { $(Self::$variant(_) => Contract::$contract,)* }
            }

            /// The arguments as JSON, under the contract's names; integers are decimal strings.
            #[must_use]
            pub fn arguments(&self) -> Value {
                let value = match self { $(Self::$variant(arguments) => serde_json::to_value(arguments),)* };
                value.expect("arguments are plain data")
            }

            /// Reads named arguments of a function given by its canonical signature.
            ///
            /// # Errors
            /// When the function is not known or the arguments do not fit it.
            pub fn from_arguments(signature: &str, arguments: &Value) -> Result<Self, ActionError> {
                match signature {
                    $($signature => serde_json::from_value(arguments.clone()).map(Self::$variant),)*
                    other => return Err(ActionError::Unknown(other.to_owned())),
                }
                .map_err(|error| ActionError::Arguments {
                    function: function_name(signature).to_owned(),
                    problem: error.to_string(),
                })
            }
        }
    };
}

actions! {
    UpdateMetadata(UpdateMetadata) = AllocationManager "updateAVSMetadataURI(address,string)";
    SetRegistrar(SetRegistrar) = AllocationManager "setAVSRegistrar(address,address)";
    CreateSets(CreateSets) = AllocationManager "createOperatorSets(address,(uint32,address[],address)[])";
    CreateRedistributingSets(CreateRedistributingSets) = AllocationManager
        "createRedistributingOperatorSets(address,(uint32,address[],address)[],address[])";
    AddStrategies(SetStrategies) = AllocationManager "addStrategiesToOperatorSet(address,uint32,address[])";
    RemoveStrategies(SetStrategies) = AllocationManager "removeStrategiesFromOperatorSet(address,uint32,address[])";
    UpdateSlasher(UpdateSlasher) = AllocationManager "updateSlasher((address,uint32),address)";
    SlashOperator(SlashOperator) = AllocationManager "slashOperator(address,(address,uint32,address[],uint256[],string))";
    RegisterForSets(RegisterForSets) = AllocationManager "registerForOperatorSets(address,(address,uint32[],bytes))";
    DeregisterFromSets(DeregisterFromSets) = AllocationManager
        "deregisterFromOperatorSets((address,address,uint32[]))";
    ModifyAllocations(ModifyAllocations) = AllocationManager
        "modifyAllocations(address,((address,uint32),address[],uint64[])[])";
    SetAppointee(SetAppointee) = PermissionController "setAppointee(address,address,address,bytes4)";
    AddPendingAdmin(AdminChange) = PermissionController "addPendingAdmin(address,address)";
    AcceptAdmin(AcceptAdmin) = PermissionController "acceptAdmin(address)";
    RemoveAdmin(AdminChange) = PermissionController "removeAdmin(address,address)";
    ConfigureKeys(ConfigureKeys) = KeyRegistrar "configureOperatorSet((address,uint32),uint8)";
    ReserveGeneration(ReserveGeneration) = CrossChainRegistry
        "createGenerationReservation((address,uint32),address,(address,uint32))";
    SetTaskConfig(SetTaskConfig) = TaskMailbox
        "setExecutorOperatorSetTaskConfig((address,uint32),(address,uint96,address,uint8,address,(uint8,bytes),bytes))";
    RegisterExecutorSet(RegisterExecutorSet) = TaskMailbox "registerExecutorOperatorSet((address,uint32),bool)";
    Approve(Approve) = Token "approve(address,uint256)";
    UniqueStakeRewards(StakeRewards) = RewardsCoordinator
        "createUniqueStakeRewardsSubmission((address,uint32),((address,uint96)[],address,uint256,uint32,uint32)[])";
    TotalStakeRewards(StakeRewards) = RewardsCoordinator
        "createTotalStakeRewardsSubmission((address,uint32),((address,uint96)[],address,uint256,uint32,uint32)[])";
    OperatorDirectedRewards(DirectedRewards) = RewardsCoordinator
        "createOperatorDirectedOperatorSetRewardsSubmission((address,uint32),((address,uint96)[],address,(address,uint256)[],uint32,uint32,string)[])";
    RewardsForAll(RewardsForAll) = RewardsCoordinator
        "createRewardsForAllSubmission(((address,uint96)[],address,uint256,uint32,uint32)[])";
    RewardsForAllEarners(RewardsForAll) = RewardsCoordinator
        "createRewardsForAllEarners(((address,uint96)[],address,uint256,uint32,uint32)[])";
    SetOperatorSplit(SetOperatorSplit) = RewardsCoordinator "setOperatorSetSplit(address,(address,uint32),uint16)";
    OptInForFee(OptInForFee) = RewardsCoordinator "setOptInForProtocolFee(address,bool)";
    RegisterAsOperator(RegisterAsOperator) = DelegationManager "registerAsOperator(address,uint32,string)";
    DelegateTo(DelegateTo) = DelegationManager "delegateTo(address,(bytes,uint256),bytes32)";
    Redelegate(Redelegate) = DelegationManager "redelegate(address,(bytes,uint256),bytes32)";
    Undelegate(Undelegate) = DelegationManager "undelegate(address)";
    QueueWithdrawals(QueueWithdrawals) = DelegationManager "queueWithdrawals((address[],uint256[],address)[])";
    CompleteWithdrawal(CompleteWithdrawal) = DelegationManager
        "completeQueuedWithdrawal((address,address,address,uint256,uint32,address[],uint256[]),address[],bool)";
    Deposit(Deposit) = StrategyManager "depositIntoStrategy(address,address,uint256)";
    Whitelist(Whitelist) = StrategyManager "addStrategiesToDepositWhitelist(address[])";
    ClearSlashedShares(ClearSlashedShares) = StrategyManager
        "clearBurnOrRedistributableShares((address,uint32),uint256)";
    CreateDelegatedQuorum(CreateDelegatedQuorum) = SlashingRegistryCoordinator
        "createTotalDelegatedStakeQuorum((uint32,uint16,uint16),uint96,(address,uint96)[])";
    CreateSlashableQuorum(CreateSlashableQuorum) = SlashingRegistryCoordinator
        "createSlashableStakeQuorum((uint32,uint16,uint16),uint96,(address,uint96)[],uint32,address)";
    AddQuorumStrategies(AddQuorumStrategies) = StakeRegistry "addStrategies(uint8,(address,uint96)[])";
    RemoveQuorumStrategies(RemoveQuorumStrategies) = StakeRegistry "removeStrategies(uint8,uint256[])";
    ModifyQuorumStrategies(ModifyQuorumStrategies) = StakeRegistry
        "modifyStrategyParams(uint8,uint256[],uint96[])";
    SetLookAhead(SetLookAhead) = StakeRegistry "setSlashableStakeLookahead(uint8,uint32)";
    CreateTask(CreateTask) = TaskMailbox "createTask((address,(address,uint32),bytes))";
}

impl Action {
    /// The name of the function.
    #[must_use]
    pub fn function(&self) -> &'static str {
        function_name(self.signature())
    }

    /// The first four bytes of its calldata.
    #[must_use]
    pub fn selector(&self) -> [u8; 4] {
        selector(self.signature())
    }
}

/// The name in front of a signature's parenthesis.
#[must_use]
pub fn function_name(signature: &str) -> &str {
    signature
        .split_once('(')
        .map_or(signature, |(name, _)| name)
}

/// A call: who sends it, where to, and what it says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// The sender.
    pub from: Address,
    /// The contract.
    pub to: Address,
    /// The function and its arguments.
    pub action: Action,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::export::address::hex;
    use std::collections::BTreeSet;

    #[test]
    fn selectors_are_those_of_the_deployed_contracts() {
        // Selectors as listed in the ABI of the implementations that mainnet runs.
        for (name, expected) in [
            ("createOperatorSets", "3dff8e7d"),
            ("createRedistributingOperatorSets", "d1a83f54"),
            ("addStrategiesToOperatorSet", "50feea20"),
            ("removeStrategiesFromOperatorSet", "b66bd989"),
            ("updateSlasher", "6c9d7c58"),
            ("slashOperator", "36352057"),
            ("createUniqueStakeRewardsSubmission", "7ae30583"),
            ("createTotalStakeRewardsSubmission", "8cb0ae1b"),
            (
                "createOperatorDirectedOperatorSetRewardsSubmission",
                "0ca29899",
            ),
            ("setOperatorSetSplit", "f74e8eac"),
            ("updateAVSMetadataURI", "a9821821"),
            ("approve", "095ea7b3"),
        ] {
            let (_, signature) = Action::SIGNATURES
                .iter()
                .find(|(_, signature)| function_name(signature) == name)
                .expect("a known function");
            assert_eq!(hex(&selector(signature)), expected, "{name}");
        }
    }

    #[test]
    fn no_two_functions_share_a_selector() {
        let distinct: BTreeSet<_> = Action::SIGNATURES
            .iter()
            .map(|(_, signature)| selector(signature))
            .collect();
        assert_eq!(distinct.len(), Action::SIGNATURES.len());
    }

    #[test]
    fn unknown_functions_and_misfitting_arguments_are_named() {
        let unknown = Action::from_arguments("transfer(address,uint256)", &Value::Null);
        assert!(
            matches!(unknown, Err(ActionError::Unknown(_))),
            "{unknown:?}"
        );
        let misfit = Action::from_arguments(
            "setAVSRegistrar(address,address)",
            &serde_json::json!({"avs": "0x12"}),
        );
        let Err(ActionError::Arguments { function, .. }) = misfit else {
            panic!("{misfit:?}")
        };
        assert_eq!(function, "setAVSRegistrar");
    }
}
