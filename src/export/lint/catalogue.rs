//! Every check, with its source. Files and calls are held against these and against nothing else.

use super::finding::Check;
use super::finding::Severity::{Error, Note, Warning};

const ALLOCATION_MANAGER: &str =
    "AllocationManager v1.9.0, recorded on the mainnet bytecode (protocol 1.13.0)";
const REWARDS: &str =
    "RewardsCoordinator v1.12.0, recorded on the mainnet bytecode (protocol 1.13.0)";
const PERMISSIONS: &str =
    "PermissionController v1.9.0, recorded on the mainnet bytecode (protocol 1.13.0)";
const KEYS: &str = "KeyRegistrar v1.9.0, recorded on the mainnet bytecode (protocol 1.13.0)";
const DELEGATION: &str =
    "DelegationManager v1.9.0, recorded on the mainnet bytecode (protocol 1.13.0)";
const STRATEGIES: &str =
    "StrategyManager v1.13.0, recorded on the mainnet bytecode (protocol 1.13.0)";
const TABLES: &str = "eigenlayer-contracts, CrossChainRegistry.sol (commit f84a5151, 2026-05-01)";
const MAILBOX: &str = "eigenlayer-contracts, TaskMailbox.sol (commit f84a5151, 2026-05-01)";
const QUORUMS: &str =
    "eigenlayer-middleware, SlashingRegistryCoordinator.sol and StakeRegistry.sol (v2.0.0)";
const SLASHERS: &str =
    "eigenlayer-middleware, VetoableSlasher.sol (v2.0.0), and ELIP-002 on slashing windows";
const GUIDANCE: &str = "ELIP-006, Operator Selection and Slashing Parameters";
const HOURGLASS: &str = "hourglass-avs-template v0.1.0, context files and TaskAVSRegistrarBase.sol";
const DEPLOY_V2: &str = "eigenlayer-middleware, script/config/avs-*.example.json (2025)";
const FORGE: &str = "Foundry book, parseJson: keys of objects are sorted before they are decoded";
const SIDECAR: &str = "EigenLayer sidecar v4.1.1, docs/sidecar/rewards/calculation.md";
const EIP55: &str = "EIP-55";
const OWN: &str = "stakewright, docs/export.md";

macro_rules! checks {
    ($($id:literal $severity:ident $source:ident [$($revert:literal)*] $rule:literal;)*) => {
        /// The catalogue, by subject.
        pub const CHECKS: &[Check] = &[$(Check {
            id: $id, severity: $severity, rule: $rule, source: $source, reverts: &[$($revert),*],
        },)*];
    };
}

checks! {
    // Who may call, and in which order.
    "permission" Error PERMISSIONS ["InvalidPermissions"]
        "the sender is an admin of the AVS (the AVS itself while it has no other) or an appointee for that function";
    "admin-only" Error PERMISSIONS ["NotAdmin"] "only an admin appoints, and only an admin removes an admin";
    "appointee-once" Error PERMISSIONS ["AppointeeAlreadySet"] "an appointee is set once for a function";
    "last-admin" Error PERMISSIONS ["CannotHaveZeroAdmins"] "an account keeps at least one admin";
    "admin-takes-over" Warning PERMISSIONS []
        "once another admin has accepted, the AVS address itself has no rights unless it is an admin too";
    "metadata-first" Error ALLOCATION_MANAGER ["NonexistentAVSMetadata"] "metadata is published before sets are created";
    "metadata-uri" Warning OWN [] "the metadata address is an https or ipfs address that somebody can read";
    "public-test-key" Warning OWN []
        "no account whose private key everybody knows (test accounts of anvil and hardhat) has a role on a public network";
    "registrar-supports-avs" Error ALLOCATION_MANAGER ["InvalidAVSRegistrar"] "the registrar answers that it supports the AVS";
    "registrar-is-contract" Error ALLOCATION_MANAGER ["(empty)"] "the registrar is a contract, not an account";

    // Operator sets.
    "set-id-unique" Error ALLOCATION_MANAGER ["InvalidOperatorSet"] "a set is created once; its id is free";
    "set-exists" Error ALLOCATION_MANAGER ["InvalidOperatorSet"] "a set exists before it is used";
    "slasher-not-zero" Error ALLOCATION_MANAGER ["InputAddressZero"] "a set has a slasher";
    "slasher-is-contract" Warning SLASHERS []
        "a slasher with a dispute or veto window is a contract that keeps it, not the AVS or its admin";
    "slasher-appointed" Warning ALLOCATION_MANAGER []
        "the slasher is a set's own: an appointment for slashOperator gives no right to slash";
    "slasher-change-delay" Note ALLOCATION_MANAGER [] "a changed slasher counts only after the configuration delay and one block";
    "strategy-unique" Error ALLOCATION_MANAGER ["StrategyAlreadyInOperatorSet"] "a strategy stands in a set once";
    "strategy-in-set" Error ALLOCATION_MANAGER ["StrategyNotInOperatorSet"] "a strategy that is removed or slashed is in the set";
    "set-has-strategies" Warning ALLOCATION_MANAGER [] "a set has strategies, or it has no stake (the chain does not check)";
    "set-strategy-whitelisted" Warning ALLOCATION_MANAGER []
        "a strategy of a set is whitelisted or native ETH (the chain does not check, a typing error stays)";
    "redistribution-recipient" Error ALLOCATION_MANAGER ["InvalidRedistributionRecipient" "InputAddressZero"]
        "slashed stake goes to an account that is neither zero nor the burn address";
    "redistribution-strategy" Error ALLOCATION_MANAGER ["InvalidStrategy"] "a redistributing set has neither native ETH nor EIGEN";
    "redistribution-lengths" Error ALLOCATION_MANAGER ["InputArrayLengthMismatch"] "every redistributing set has one recipient";
    "redistribution-to-insider" Warning GUIDANCE []
        "the recipient of slashed stake is not the slasher, the AVS or its admin, who would earn by slashing";

    // Slashing.
    "slash-lengths" Error ALLOCATION_MANAGER ["InputArrayLengthMismatch"] "every slashed strategy has one share";
    "slash-operator" Error ALLOCATION_MANAGER ["OperatorNotSlashable"] "an operator is slashable: in the set, or out for less than the delay";
    "slash-caller" Error ALLOCATION_MANAGER ["InvalidCaller"] "only the set's slasher slashes; an appointment has no effect";
    "slash-order" Error ALLOCATION_MANAGER ["StrategiesMustBeInAscendingOrder"] "slashed strategies ascend by address, each once";
    "slash-range" Error ALLOCATION_MANAGER ["InvalidWadToSlash"] "a slash is above 0 and at most 1e18 wads of the allocation";
    "slash-nothing" Warning ALLOCATION_MANAGER [] "a slash names strategies (an empty one succeeds, takes nothing and uses up an id)";
    "slash-floor" Warning GUIDANCE [] "a slash is at least 1e15 wads (0.1 %), and below 1e14 it can round to nothing";
    "slash-window" Error SLASHERS [] "detection, dispute and veto end before an operator who leaves at once is free";
    "slash-resolution" Note STRATEGIES [] "slashed stake is paid out or burnt only after the resolution delay";
    "stake-precision" Warning GUIDANCE [] "an operator's stake is at least 1e9 of the smallest unit in each strategy, or slashes round to nothing";

    // Quorums of the middleware.
    "quorum-number" Error QUORUMS ["MaxQuorumsReached"] "quorums are numbered from 0, without a gap, up to 191";
    "quorum-strategies" Error QUORUMS ["InputArrayLengthZero" "InputArrayLengthMismatch"] "a quorum weighs 1 to 32 strategies";
    "quorum-strategy-unique" Error QUORUMS ["InputDuplicateStrategy"] "a quorum weighs a strategy once";
    "quorum-multiplier" Error QUORUMS ["InputMultiplierZero"] "a multiplier is above 0 and fits uint96";
    "quorum-multiplier-scale" Warning QUORUMS [] "multipliers of the middleware are scaled by 1e18, those of table calculators by 1e4";
    "quorum-look-ahead" Error QUORUMS ["LookAheadPeriodTooLong"] "the look-ahead is at most the deallocation delay of the network";
    "quorum-delegated" Warning QUORUMS []
        "a quorum weighs stake that can be slashed: delegated stake is counted by other services too, and burnt by none";
    "quorum-remove-order" Warning QUORUMS []
        "strategies are removed by index, the highest first: each removal moves the last one into its place";
    "quorum-exists" Error QUORUMS ["QuorumDoesNotExist"] "a quorum exists before strategies are added to it";
    "quorum-owner" Error QUORUMS ["OnlySlashingRegistryCoordinatorOwner" "Ownable: caller is not the owner"]
        "only the owner of the quorum contracts creates quorums and changes weights";
    "quorum-burning" Note QUORUMS []
        "a quorum's operator set burns what is slashed: the coordinator creates no redistributing sets";
    "quorum-admission" Error QUORUMS ["BelowMinimumStakeRequirement" "MaxOperatorCountReached"]
        "an operator that registers has the minimum weight of the quorum, and finds room in it";
    "quorum-churn" Error QUORUMS ["InsufficientStakeForChurn" "CannotKickOperatorAboveThreshold"]
        "a newcomer to a full quorum outweighs the operator it replaces, which holds a small share of the total";
    "quorum-minimum-stake" Error QUORUMS [] "the minimum stake fits uint96";
    "quorum-minimum-zero" Warning QUORUMS [] "a minimum stake above 0 keeps empty operators out";
    "quorum-full" Error QUORUMS [] "a quorum has room for at least one operator";
    "quorum-kick-bips" Warning QUORUMS [] "a newcomer needs more stake than the one it replaces, and some share may be replaced (nothing on the chain checks)";
    "weight-truncation" Warning QUORUMS [] "no plausible stake times its multiplier passes uint96, where the weight is cut in silence";
    "churn-overflow" Error QUORUMS ["Panic(0x11)"] "stake times basis points fits uint96 when the quorum is full, or every replacement reverts";
    "threshold-liveness" Error MAILBOX [] "a threshold leaves room for operators that are down, and asks for something";
    "threshold-tight" Warning MAILBOX [] "a threshold above 90 % stops at the first larger outage";

    // Rewards.
    "rewards-strategies" Error REWARDS ["InputArrayLengthZero"] "a rewards submission weighs at least one strategy";
    "rewards-order" Error REWARDS ["StrategiesNotInAscendingOrder"] "strategies of a rewards submission ascend by address, each once";
    "rewards-whitelisted" Error REWARDS ["StrategyNotWhitelisted"] "strategies of a rewards submission are whitelisted or native ETH";
    "rewards-in-set" Warning REWARDS [] "a rewarded strategy is in the set (the chain does not check)";
    "rewards-multiplier-zero" Warning SIDECAR [] "a multiplier of 0 pays nothing (the chain does not check)";
    "rewards-multiplier-uint96" Error REWARDS ["(empty)"] "a multiplier fits uint96";
    "rewards-multiplier-scale" Warning SIDECAR [] "multipliers of one submission share a scale";
    "rewards-amount" Error REWARDS ["AmountIsZero" "AmountExceedsMax"] "an amount is above 0 and at most 1e38-1, the sum as well";
    "rewards-daily" Warning SIDECAR [] "every day pays at least one unit: the amount is at least the number of days";
    "rewards-duration" Error REWARDS ["InvalidDurationRemainder" "DurationIsZero" "DurationExceedsMax"] "a duration is whole days, above 0 and at most 730";
    "rewards-start-day" Error REWARDS ["InvalidStartTimestampRemainder"] "a start is a midnight UTC";
    "rewards-start-past" Error REWARDS ["StartTimestampTooFarInPast"] "a start is not before the retroactive window of the network";
    "rewards-start-ahead" Error REWARDS ["StartTimestampTooFarInFuture"] "a start is at most 30 days ahead";
    "rewards-retroactive" Error REWARDS ["SubmissionNotRetroactive"] "rewards for named operators cover a time that is over";
    "rewards-operators" Error REWARDS ["InputArrayLengthZero"] "rewards for named operators name at least one";
    "rewards-operator-zero" Error REWARDS ["InvalidAddressZero"] "a named operator is an account";
    "rewards-operator-order" Error REWARDS ["OperatorsNotInAscendingOrder"] "named operators ascend by address, each once";
    "rewards-allowance" Error REWARDS ["ERC20 allowance"] "the sender lets the rewards coordinator take the tokens before it asks for them";
    "rewards-balance" Error REWARDS ["ERC20 balance"] "the sender holds the tokens that a submission takes from it";
    "rewards-not-cancellable" Note REWARDS [] "a submission that runs ahead is paid at once and cannot be taken back";
    "rewards-fee" Note REWARDS [] "a sender that has opted in pays a fifth of every submission to the protocol";
    "rewards-submitter" Error REWARDS ["UnauthorizedCaller" "CurrentlyPaused"] "submissions for everybody belong to the protocol, and one kind is paused";
    "operator-split" Error REWARDS ["InvalidPermissions"] "only an operator sets its split";
    "operator-split-range" Error REWARDS ["SplitExceedsMax"] "a split is at most 10000 basis points";
    "operator-split-pending" Error REWARDS ["PreviousSplitPending"] "one change of a split is pending at a time";

    // Keys, stake tables, tasks.
    "key-curve" Error KEYS ["InvalidCurveType"] "keys are ECDSA (1) or BN254 (2)";
    "key-once" Error KEYS ["ConfigurationAlreadySet"] "the kind of key of a set is chosen once";
    "key-before-table" Error TABLES ["KeyTypeNotSet"] "a set has a kind of key before its stake table is reserved";
    "table-once" Error TABLES ["GenerationReservationAlreadyExists"] "a stake table is reserved once";
    "table-staleness" Error TABLES ["InvalidStalenessPeriod"] "certificates live at least as long as tables take to be renewed, or for ever (0)";
    "table-staleness-never" Warning TABLES [] "certificates go stale: with 0 an operator that has left signs for ever";
    "table-staleness-task" Warning MAILBOX [] "certificates outlive a renewal and a task";
    "network-without-contract" Error OWN [] "the contract exists on the network";
    "task-config" Error MAILBOX ["ExecutorOperatorSetTaskConfigNotSet"] "a task configuration has a kind of key, a hook and a time above 0";
    "task-time" Error MAILBOX ["TaskSLAExceedsMaximum"] "a task time is at most the network's";
    "task-consensus" Error MAILBOX ["InvalidConsensusValue"] "a consensus is none without a value, or a threshold of at most 10000 in 32 bytes";
    "task-payload" Error MAILBOX ["PayloadIsEmpty"] "a task has a payload";
    "task-set-registered" Error MAILBOX ["ExecutorOperatorSetNotRegistered"] "tasks go to a set with a task configuration";
    "certificate-fresh" Error MAILBOX ["CertificateStale"] "a task ends before the certificates of the newest stake table go stale";
    "task-fee-collector" Warning MAILBOX [] "a fee has a collector";
    "task-owner" Note MAILBOX ["InvalidOperatorSetOwner"] "the mailbox is configured by the table's owner after the table has arrived";

    // Operators and stakers: files of an AVS have no such calls, recordings do.
    "operator-known" Error ALLOCATION_MANAGER ["InvalidOperator"] "who registers for a set is an operator";
    "operator-not-member" Error ALLOCATION_MANAGER ["AlreadyMemberOfSet"] "who registers is neither in the set nor still slashable by it";
    "operator-member" Error ALLOCATION_MANAGER ["NotMemberOfSet"] "who leaves is in the set";
    "operator-caller" Error ALLOCATION_MANAGER ["InvalidCaller"] "the operator or the AVS ends a registration";
    "allocation-delay" Error ALLOCATION_MANAGER ["UninitializedAllocationDelay" "Panic(0x11)"] "an operator has a delay, short enough for the clock, before it allocates";
    "allocation-lengths" Error ALLOCATION_MANAGER ["InputArrayLengthMismatch"] "every strategy has one magnitude";
    "allocation-pending" Error ALLOCATION_MANAGER ["ModificationAlreadyPending"] "one change of an allocation is pending at a time";
    "allocation-changes" Error ALLOCATION_MANAGER ["SameMagnitude"] "a change of an allocation changes it";
    "allocation-room" Error ALLOCATION_MANAGER ["InsufficientMagnitude"] "allocations sum to at most the magnitude that is left";
    "deposit-whitelisted" Error STRATEGIES ["StrategyNotWhitelisted"] "deposits go to whitelisted strategies";
    "deposit-shares" Error STRATEGIES ["NewSharesZero"] "a deposit mints at least one share";
    "deposit-not-slashed" Error DELEGATION ["FullySlashed"] "nobody deposits behind an operator that is slashed to nothing";
    "delegation-free" Error DELEGATION ["ActivelyDelegated"] "who delegates or registers is not delegated";
    "delegation-operator" Error DELEGATION ["OperatorNotRegistered"] "stake is delegated to an operator";
    "undelegation" Error DELEGATION ["OperatorsCannotUndelegate" "NotActivelyDelegated" "CallerCannotUndelegate"] "a staker that is delegated, and no operator, undelegates itself";
    "withdrawal-amount" Error DELEGATION ["Panic(0x11)"] "a withdrawal is at most the deposit";
    "withdrawal-delay" Error DELEGATION ["WithdrawalDelayNotElapsed"] "a withdrawal waits for its delay";
    "slash-resolution-delay" Error STRATEGIES ["SlashResolutionDelayNotElapsed"] "slashed shares wait for their resolution";

    // Files.
    "address-checksum" Error EIP55 [] "an address with capitals has the right ones";
    "file-shape" Error OWN [] "the file has the keys that its reader asks for, of the right kind";
    "file-keys-unknown" Warning OWN [] "the file has only keys that its reader knows";
    "file-secret" Error OWN [] "no private key, mnemonic or password stands in a file";
    "file-placeholder" Warning OWN [] "nothing is left to fill in";
    "calldata-matches" Error OWN [] "calldata says what the decoded arguments beside it say";
    "chain-id" Error OWN [] "the file is for the network it is checked against";
    "safe-checksum" Error OWN [] "the checksum of a Safe batch belongs to its content";
    "json-key-order" Error FORGE [] "keys of an object that a script decodes into a struct sort in the order of its fields";
    "json-lengths" Error QUORUMS ["InputArrayLengthMismatch"] "weights, minimum stakes and operator limits have one entry for each quorum";
    "middleware-v2-multipliers" Error DEPLOY_V2 ["InputArrayLengthMismatch"] "a weighted calculator has one multiplier for each strategy, others have none";
    "middleware-v2-kind" Error DEPLOY_V2 [] "registrar types are 0 to 3, calculator types 0 to 3";
    "calculator-one-asset" Warning DEPLOY_V2 []
        "an unweighted calculator adds shares one to one, whatever their decimals and prices: give it one asset";
    "calculator-unaudited" Note DEPLOY_V2 []
        "the weighted and the capped calculator stand in the middleware's folder of unaudited contracts";
    "executor-sets" Error HOURGLASS []
        "executor sets are at least one, ascend, and none is the aggregator's";
    "recommended-integer" Error OWN [] "the integer is what the rule makes of the recommended value";
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn ids_are_unique_and_rules_are_sentences() {
        let ids: BTreeSet<_> = CHECKS.iter().map(|check| check.id).collect();
        assert_eq!(ids.len(), CHECKS.len());
        for check in CHECKS {
            assert!(
                !check.rule.ends_with('.') && check.rule.len() > 15,
                "{}",
                check.id
            );
            assert!(check.source.len() > 5, "{}", check.id);
        }
    }
}
