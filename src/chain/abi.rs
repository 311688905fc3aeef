//! The part of the contracts' interface that a pull needs, written from their public ABI.

use alloy_sol_types::sol;

sol! {
    #[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
    struct OperatorSet { address avs; uint32 id; }

    #[derive(Debug)]
    struct AllocationInfo { uint64 currentMagnitude; int128 pendingDiff; uint32 effectBlock; }

    struct StrategyAndMultiplier { address strategy; uint96 multiplier; }
    struct RewardsSubmission {
        StrategyAndMultiplier[] strategiesAndMultipliers; address token; uint256 amount;
        uint32 startTimestamp; uint32 duration;
    }
    struct OperatorReward { address operator; uint256 amount; }
    struct OperatorDirectedRewardsSubmission {
        StrategyAndMultiplier[] strategiesAndMultipliers; address token; OperatorReward[] operatorRewards;
        uint32 startTimestamp; uint32 duration; string description;
    }
    struct Withdrawal {
        address staker; address delegatedTo; address withdrawer; uint256 nonce; uint32 startBlock;
        address[] strategies; uint256[] scaledShares;
    }

    // AllocationManager
    event AllocationUpdated(address operator, OperatorSet operatorSet, address strategy, uint64 magnitude, uint32 effectBlock);
    event MaxMagnitudeUpdated(address operator, address strategy, uint64 maxMagnitude);
    event OperatorSlashed(address operator, OperatorSet operatorSet, address[] strategies, uint256[] wadSlashed, string description);
    event AVSMetadataURIUpdated(address indexed avs, string metadataURI);
    event OperatorSetCreated(OperatorSet operatorSet);
    event OperatorAddedToOperatorSet(address indexed operator, OperatorSet operatorSet);
    event OperatorRemovedFromOperatorSet(address indexed operator, OperatorSet operatorSet);
    event StrategyAddedToOperatorSet(OperatorSet operatorSet, address strategy);

    function getMembers(OperatorSet operatorSet) view returns (address[]);
    function getStrategiesInOperatorSet(OperatorSet operatorSet) view returns (address[]);
    function getSlasher(OperatorSet operatorSet) view returns (address);
    function getRedistributionRecipient(OperatorSet operatorSet) view returns (address);
    function getAVSRegistrar(address avs) view returns (address);
    function getOperatorSetCount(address avs) view returns (uint256);
    function getAllocationDelay(address operator) view returns (bool isSet, uint32 delay);
    function getAllocations(address[] operators, OperatorSet operatorSet, address strategy) view returns (AllocationInfo[]);
    function getEncumberedMagnitude(address operator, address strategy) view returns (uint64);
    function getMaxMagnitudes(address[] operators, address strategy) view returns (uint64[]);
    function getAllocatedStake(OperatorSet operatorSet, address[] operators, address[] strategies) view returns (uint256[][]);
    function getMinimumSlashableStake(OperatorSet operatorSet, address[] operators, address[] strategies, uint32 futureBlock) view returns (uint256[][]);
    function isOperatorSlashable(address operator, OperatorSet operatorSet) view returns (bool);
    function DEALLOCATION_DELAY() view returns (uint32);
    function ALLOCATION_CONFIGURATION_DELAY() view returns (uint32);
    function SLASHER_CONFIGURATION_DELAY() view returns (uint32);

    // DelegationManager
    event OperatorRegistered(address indexed operator, address delegationApprover);
    event OperatorMetadataURIUpdated(address indexed operator, string metadataURI);
    event SlashingWithdrawalQueued(bytes32 withdrawalRoot, Withdrawal withdrawal, uint256[] sharesToWithdraw);

    function getOperatorsShares(address[] operators, address[] strategies) view returns (uint256[][]);
    function getSlashableSharesInQueue(address operator, address strategy) view returns (uint256);
    function minWithdrawalDelayBlocks() view returns (uint32);

    // StrategyManager and StrategyFactory
    event StrategyAddedToDepositWhitelist(address strategy);
    event StrategySetForToken(address token, address strategy);
    event DurationVaultDeployed(address indexed vault, address indexed underlyingToken, address indexed vaultAdmin, uint32 duration, uint256 maxPerDeposit, uint256 stakeCap, string metadataURI, address operatorSetAVS, uint32 operatorSetId);

    function SLASH_RESOLUTION_DELAY_BLOCKS() view returns (uint32);

    // strategies, tokens, duration vaults
    function underlyingToken() view returns (address);
    function totalShares() view returns (uint256);
    function sharesToUnderlyingView(uint256 amountShares) view returns (uint256);
    function symbol() view returns (string);
    function decimals() view returns (uint8);
    function unlockTimestamp() view returns (uint32);

    // RewardsCoordinator
    event AVSRewardsSubmissionCreated(address indexed avs, uint256 indexed submissionNonce, bytes32 indexed rewardsSubmissionHash, RewardsSubmission rewardsSubmission);
    event RewardsSubmissionForAllEarnersCreated(address indexed tokenHopper, uint256 indexed submissionNonce, bytes32 indexed rewardsSubmissionHash, RewardsSubmission rewardsSubmission);
    event OperatorDirectedAVSRewardsSubmissionCreated(address indexed caller, address indexed avs, bytes32 indexed operatorDirectedRewardsSubmissionHash, uint256 submissionNonce, OperatorDirectedRewardsSubmission operatorDirectedRewardsSubmission);
    event OperatorDirectedOperatorSetRewardsSubmissionCreated(address indexed caller, bytes32 indexed operatorDirectedRewardsSubmissionHash, OperatorSet operatorSet, uint256 submissionNonce, OperatorDirectedRewardsSubmission operatorDirectedRewardsSubmission);
    event UniqueStakeRewardsSubmissionCreated(address indexed caller, bytes32 indexed rewardsSubmissionHash, OperatorSet operatorSet, uint256 submissionNonce, RewardsSubmission rewardsSubmission);
    event TotalStakeRewardsSubmissionCreated(address indexed caller, bytes32 indexed rewardsSubmissionHash, OperatorSet operatorSet, uint256 submissionNonce, RewardsSubmission rewardsSubmission);
    event OperatorSetSplitBipsSet(address indexed caller, address indexed operator, OperatorSet operatorSet, uint32 activatedAt, uint16 oldOperatorSetSplitBips, uint16 newOperatorSetSplitBips);
    event OperatorAVSSplitBipsSet(address indexed caller, address indexed operator, address indexed avs, uint32 activatedAt, uint16 oldOperatorAVSSplitBips, uint16 newOperatorAVSSplitBips);
    event OperatorPISplitBipsSet(address indexed caller, address indexed operator, uint32 activatedAt, uint16 oldOperatorPISplitBips, uint16 newOperatorPISplitBips);

    function getOperatorSetSplit(address operator, OperatorSet operatorSet) view returns (uint16);
    function getOperatorAVSSplit(address operator, address avs) view returns (uint16);
    function getOperatorPISplit(address operator) view returns (uint16);
    function defaultOperatorSplitBips() view returns (uint16);
    function CALCULATION_INTERVAL_SECONDS() view returns (uint32);
    function MAX_REWARDS_DURATION() view returns (uint32);
    function MAX_RETROACTIVE_LENGTH() view returns (uint32);
    function MAX_FUTURE_LENGTH() view returns (uint32);
    function GENESIS_REWARDS_TIMESTAMP() view returns (uint32);
    function activationDelay() view returns (uint32);

    // AVSDirectory and service managers from before operator sets
    event OperatorAVSRegistrationStatusUpdated(address indexed operator, address indexed avs, uint8 status);
    function getRestakeableStrategies() view returns (address[]);

    // ProtocolRegistry
    function version() view returns (string);
    function getAddress(string name) view returns (address);

    // Multicall3
    struct Call3 { address target; bool allowFailure; bytes callData; }
    struct Result3 { bool success; bytes returnData; }
    function aggregate3(Call3[] calls) payable returns (Result3[] returnData);

    // Chainlink feeds and liquid staking tokens
    function latestRoundData() view returns (uint80 roundId, int256 answer, uint256 startedAt, uint256 updatedAt, uint80 answeredInRound);
    function getExchangeRate() view returns (uint256);
    function exchangeRate() view returns (uint256);
    function stEthPerToken() view returns (uint256);
}
