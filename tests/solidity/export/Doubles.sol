// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.20;

// Stand-ins for the contracts that an AVS writes to. Written for these tests from the rules in
// docs/export.md: they enforce what the deployed contracts enforce, and keep what can be read back.

struct OperatorSet { address avs; uint32 id; }

contract Permissions {
    error InvalidPermissions();
    error NotAdmin();
    error AppointeeAlreadySet();
    error CannotHaveZeroAdmins();
    error AdminNotPending();

    mapping(address => address[]) internal admins;
    mapping(address => mapping(address => bool)) internal pending;
    mapping(bytes32 => bool) internal appointed;

    function isAdmin(address account, address caller) public view returns (bool) {
        if (admins[account].length == 0) return account == caller;
        for (uint256 i; i < admins[account].length; i++) if (admins[account][i] == caller) return true;
        return false;
    }

    function getAdmins(address account) external view returns (address[] memory list) {
        if (admins[account].length != 0) return admins[account];
        list = new address[](1);
        list[0] = account;
    }

    function canCall(address account, address caller, address target, bytes4 selector) external view returns (bool) {
        return isAdmin(account, caller) || appointed[keccak256(abi.encode(account, caller, target, selector))];
    }

    function setAppointee(address account, address appointee, address target, bytes4 selector) external {
        if (!isAdmin(account, msg.sender)) revert NotAdmin();
        bytes32 key = keccak256(abi.encode(account, appointee, target, selector));
        if (appointed[key]) revert AppointeeAlreadySet();
        appointed[key] = true;
    }

    function addPendingAdmin(address account, address admin) external {
        if (!isAdmin(account, msg.sender)) revert NotAdmin();
        pending[account][admin] = true;
    }

    function acceptAdmin(address account) external {
        if (!pending[account][msg.sender]) revert AdminNotPending();
        admins[account].push(msg.sender);
    }

    function removeAdmin(address account, address admin) external {
        if (!isAdmin(account, msg.sender)) revert NotAdmin();
        address[] storage list = admins[account];
        if (list.length <= 1) revert CannotHaveZeroAdmins();
        for (uint256 i; i < list.length; i++) {
            if (list[i] == admin) { list[i] = list[list.length - 1]; list.pop(); return; }
        }
    }
}

abstract contract Permissioned {
    error InvalidPermissions();

    // Fixed in the code, so that the code can be put at any address of a chain.
    Permissions internal immutable permissions;

    constructor(Permissions controller) { permissions = controller; }

    modifier may(address account) {
        if (!permissions.canCall(account, msg.sender, address(this), msg.sig)) revert InvalidPermissions();
        _;
    }
}

contract Registrar {
    address internal immutable avs;
    constructor(address of_) { avs = of_; }
    function supportsAVS(address asked) external view returns (bool) { return asked == avs; }
}

contract Allocations is Permissioned {
    error AlreadyMemberOfSet();
    error NonexistentAVSMetadata();
    error InvalidAVSRegistrar();
    error InvalidOperatorSet();
    error InputAddressZero();
    error StrategyAlreadyInOperatorSet();
    error StrategyNotInOperatorSet();
    error InputArrayLengthMismatch();
    error InvalidRedistributionRecipient();
    error InvalidStrategy();
    error InvalidCaller();
    error OperatorNotSlashable();
    error StrategiesMustBeInAscendingOrder();
    error InvalidWadToSlash();

    event AVSMetadataURIUpdated(address indexed avs, string metadataURI);

    struct NewSet { uint32 operatorSetId; address[] strategies; address slasher; }
    struct Slashing { address operator; uint32 operatorSetId; address[] strategies; uint256[] wadsToSlash; string description; }
    struct State { bool exists; address[] strategies; address slasher; address recipient; }

    address internal constant BEACON_ETH = 0xbeaC0eeEeeeeEEeEeEEEEeeEEeEeeeEeeEEBEaC0;
    address internal constant BURN = 0x00000000000000000000000000000000000E16E4;
    address internal immutable eigen;
    mapping(address => bool) internal known;
    mapping(address => address) internal registrars;
    mapping(bytes32 => State) internal states;
    mapping(bytes32 => mapping(address => bool)) public members;

    uint32 public constant DEALLOCATION_DELAY = 100800;
    mapping(address => uint256) public getOperatorSetCount;

    constructor(Permissions controller, address eigen_) Permissioned(controller) { eigen = eigen_; }

    function key(address avs, uint32 id) internal pure returns (bytes32) { return keccak256(abi.encode(avs, id)); }

    function updateAVSMetadataURI(address avs, string calldata uri) external may(avs) {
        known[avs] = true;
        emit AVSMetadataURIUpdated(avs, uri);
    }

    function setAVSRegistrar(address avs, Registrar registrar) external may(avs) {
        if (!registrar.supportsAVS(avs)) revert InvalidAVSRegistrar();
        registrars[avs] = address(registrar);
    }

    function getAVSRegistrar(address avs) external view returns (address) {
        return registrars[avs] == address(0) ? avs : registrars[avs];
    }

    function createOperatorSets(address avs, NewSet[] calldata params) external may(avs) {
        if (!known[avs]) revert NonexistentAVSMetadata();
        for (uint256 i; i < params.length; i++) create(avs, params[i], BURN);
    }

    function createRedistributingOperatorSets(address avs, NewSet[] calldata params, address[] calldata recipients)
        external may(avs)
    {
        if (params.length != recipients.length) revert InputArrayLengthMismatch();
        if (!known[avs]) revert NonexistentAVSMetadata();
        for (uint256 i; i < params.length; i++) {
            if (recipients[i] == address(0)) revert InputAddressZero();
            if (recipients[i] == BURN) revert InvalidRedistributionRecipient();
            create(avs, params[i], recipients[i]);
        }
    }

    function create(address avs, NewSet calldata set, address recipient) internal {
        State storage state = states[key(avs, set.operatorSetId)];
        if (state.exists) revert InvalidOperatorSet();
        if (set.slasher == address(0)) revert InputAddressZero();
        state.exists = true;
        getOperatorSetCount[avs]++;
        state.slasher = set.slasher;
        state.recipient = recipient;
        add(state, set.strategies);
    }

    function add(State storage state, address[] calldata strategies) internal {
        for (uint256 i; i < strategies.length; i++) {
            if (state.recipient != BURN && (strategies[i] == BEACON_ETH || strategies[i] == eigen)) revert InvalidStrategy();
            for (uint256 j; j < state.strategies.length; j++) {
                if (state.strategies[j] == strategies[i]) revert StrategyAlreadyInOperatorSet();
            }
            state.strategies.push(strategies[i]);
        }
    }

    function existing(address avs, uint32 id) internal view returns (State storage state) {
        state = states[key(avs, id)];
        if (!state.exists) revert InvalidOperatorSet();
    }

    function addStrategiesToOperatorSet(address avs, uint32 id, address[] calldata strategies) external may(avs) {
        add(existing(avs, id), strategies);
    }

    function removeStrategiesFromOperatorSet(address avs, uint32 id, address[] calldata strategies) external may(avs) {
        State storage state = existing(avs, id);
        for (uint256 i; i < strategies.length; i++) {
            bool found;
            for (uint256 j; j < state.strategies.length; j++) {
                if (state.strategies[j] != strategies[i]) continue;
                state.strategies[j] = state.strategies[state.strategies.length - 1];
                state.strategies.pop();
                found = true;
                break;
            }
            if (!found) revert StrategyNotInOperatorSet();
        }
    }

    function updateSlasher(OperatorSet calldata set, address slasher) external may(set.avs) {
        existing(set.avs, set.id);
        if (slasher == address(0)) revert InputAddressZero();
    }

    function admit(address avs, uint32 id, address operator) external { members[key(avs, id)][operator] = true; }

    struct Registration { address avs; uint32[] operatorSetIds; bytes data; }

    function registerForOperatorSets(address operator, Registration calldata params) external may(operator) {
        for (uint256 i; i < params.operatorSetIds.length; i++) {
            existing(params.avs, params.operatorSetIds[i]);
            bytes32 set = key(params.avs, params.operatorSetIds[i]);
            if (members[set][operator]) revert AlreadyMemberOfSet();
            members[set][operator] = true;
        }
        Coordinator(registrars[params.avs]).registerOperator(operator, params.avs, params.operatorSetIds, params.data);
    }

    function slashOperator(address avs, Slashing calldata params) external {
        if (params.strategies.length != params.wadsToSlash.length) revert InputArrayLengthMismatch();
        State storage state = existing(avs, params.operatorSetId);
        if (!members[key(avs, params.operatorSetId)][params.operator]) revert OperatorNotSlashable();
        if (msg.sender != state.slasher) revert InvalidCaller();
        for (uint256 i; i < params.strategies.length; i++) {
            if (i > 0 && params.strategies[i] <= params.strategies[i - 1]) revert StrategiesMustBeInAscendingOrder();
            if (params.wadsToSlash[i] == 0 || params.wadsToSlash[i] > 1e18) revert InvalidWadToSlash();
            bool inside;
            for (uint256 j; j < state.strategies.length; j++) inside = inside || state.strategies[j] == params.strategies[i];
            if (!inside) revert StrategyNotInOperatorSet();
        }
    }

    function isOperatorSet(OperatorSet calldata set) external view returns (bool) { return states[key(set.avs, set.id)].exists; }
    function getStrategiesInOperatorSet(OperatorSet calldata set) external view returns (address[] memory) { return states[key(set.avs, set.id)].strategies; }
    function getSlasher(OperatorSet calldata set) external view returns (address) { return states[key(set.avs, set.id)].slasher; }
    function getRedistributionRecipient(OperatorSet calldata set) external view returns (address) { return states[key(set.avs, set.id)].recipient; }
}

contract Keys is Permissioned {
    error InvalidCurveType();
    error ConfigurationAlreadySet();

    mapping(bytes32 => uint8) internal curves;

    constructor(Permissions controller) Permissioned(controller) {}

    function configureOperatorSet(OperatorSet calldata set, uint8 curve) external may(set.avs) {
        if (curve == 0) revert InvalidCurveType();
        if (getOperatorSetCurveType(set) != 0) revert ConfigurationAlreadySet();
        curves[keccak256(abi.encode(set))] = curve;
    }

    function getOperatorSetCurveType(OperatorSet calldata set) public view returns (uint8) {
        return curves[keccak256(abi.encode(set))];
    }
}

contract Tables is Permissioned {
    error InvalidOperatorSet();
    error KeyTypeNotSet();
    error GenerationReservationAlreadyExists();
    error InvalidStalenessPeriod();

    struct Config { address owner; uint32 maxStalenessPeriod; }
    struct Table { address calculator; Config config; }

    Allocations internal immutable allocations;
    Keys internal immutable keys;
    uint32 internal immutable cadence;
    mapping(bytes32 => Table) internal tables;

    constructor(Permissions controller, Allocations allocations_, Keys keys_, uint32 cadence_) Permissioned(controller) {
        allocations = allocations_;
        keys = keys_;
        cadence = cadence_;
    }

    function createGenerationReservation(OperatorSet calldata set, address calculator, Config calldata config)
        external may(set.avs)
    {
        if (!allocations.isOperatorSet(set)) revert InvalidOperatorSet();
        if (keys.getOperatorSetCurveType(set) == 0) revert KeyTypeNotSet();
        Table storage table = tables[keccak256(abi.encode(set))];
        if (table.calculator != address(0)) revert GenerationReservationAlreadyExists();
        if (config.maxStalenessPeriod != 0 && config.maxStalenessPeriod < cadence) revert InvalidStalenessPeriod();
        table.calculator = calculator;
        table.config = config;
    }

    function getOperatorTableCalculator(OperatorSet calldata set) external view returns (address) {
        return tables[keccak256(abi.encode(set))].calculator;
    }

    function getOperatorSetConfig(OperatorSet calldata set) external view returns (address, uint32) {
        Config storage config = tables[keccak256(abi.encode(set))].config;
        return (config.owner, config.maxStalenessPeriod);
    }
}

contract Mailbox {
    error ExecutorOperatorSetTaskConfigNotSet();
    error TaskSLAExceedsMaximum();
    error InvalidConsensusValue();
    error InvalidOperatorSetOwner();
    error PayloadIsEmpty();
    error ExecutorOperatorSetNotRegistered();
    error CertificateStale();

    struct Table { uint32 time; uint32 maxStaleness; }
    struct Task { address refundCollector; OperatorSet executorOperatorSet; bytes payload; }
    struct Consensus { uint8 consensusType; bytes value; }
    struct TaskConfig {
        address taskHook; uint96 taskSLA; address feeToken; uint8 curveType;
        address feeCollector; Consensus consensus; bytes taskMetadata;
    }

    uint96 internal immutable longest;
    mapping(bytes32 => address) public owners;
    mapping(bytes32 => Table) internal tables;
    mapping(bytes32 => TaskConfig) internal configs;

    constructor(uint96 longest_) { longest = longest_; }

    function arrive(OperatorSet calldata set, address owner, uint32 time, uint32 maxStaleness) external {
        owners[keccak256(abi.encode(set))] = owner;
        tables[keccak256(abi.encode(set))] = Table(time, maxStaleness);
    }

    function arriveAll(OperatorSet[] calldata sets, address owner) external {
        for (uint256 i; i < sets.length; i++) owners[keccak256(abi.encode(sets[i]))] = owner;
    }

    // The certificate verifiers, one for both kinds of key.
    function BN254_CERTIFICATE_VERIFIER() external view returns (address) { return address(this); }
    function ECDSA_CERTIFICATE_VERIFIER() external view returns (address) { return address(this); }
    function getOperatorSetOwner(OperatorSet calldata set) external view returns (address) { return owners[keccak256(abi.encode(set))]; }
    function latestReferenceTimestamp(OperatorSet calldata set) external view returns (uint32) { return tables[keccak256(abi.encode(set))].time; }
    function maxOperatorTableStaleness(OperatorSet calldata set) external view returns (uint32) { return tables[keccak256(abi.encode(set))].maxStaleness; }
    function getExecutorOperatorSetTaskConfig(OperatorSet calldata set) external view returns (TaskConfig memory) { return configs[keccak256(abi.encode(set))]; }

    function createTask(Task calldata task) external view returns (bytes32) {
        if (task.payload.length == 0) revert PayloadIsEmpty();
        bytes32 key = keccak256(abi.encode(task.executorOperatorSet));
        if (configs[key].taskHook == address(0)) revert ExecutorOperatorSetNotRegistered();
        Table memory table = tables[key];
        if (table.maxStaleness != 0 && block.timestamp + configs[key].taskSLA > table.time + table.maxStaleness) revert CertificateStale();
        return key;
    }

    function setExecutorOperatorSetTaskConfig(OperatorSet calldata set, TaskConfig calldata config) external {
        if (config.curveType == 0 || config.taskHook == address(0) || config.taskSLA == 0) revert ExecutorOperatorSetTaskConfigNotSet();
        if (config.taskSLA > longest) revert TaskSLAExceedsMaximum();
        bytes calldata value = config.consensus.value;
        if (config.consensus.consensusType == 0 && value.length != 0) revert InvalidConsensusValue();
        if (config.consensus.consensusType == 1 && (value.length != 32 || abi.decode(value, (uint256)) > 10_000)) revert InvalidConsensusValue();
        if (owners[keccak256(abi.encode(set))] != msg.sender) revert InvalidOperatorSetOwner();
        configs[keccak256(abi.encode(set))] = config;
    }

    function registerExecutorOperatorSet(OperatorSet calldata set, bool) external view {
        if (configs[keccak256(abi.encode(set))].taskHook == address(0)) revert ExecutorOperatorSetTaskConfigNotSet();
    }
}

contract Whitelist {
    mapping(address => bool) public strategyIsWhitelistedForDeposit;
    function list(address[] calldata strategies) external {
        for (uint256 i; i < strategies.length; i++) strategyIsWhitelistedForDeposit[strategies[i]] = true;
    }
}

contract Token {
    uint8 public constant decimals = 18;
    mapping(address => uint256) public balanceOf;
    mapping(address => mapping(address => uint256)) public allowance;
    function mint(address to, uint256 value) external { balanceOf[to] += value; }
    function mintAll(address[] calldata to, uint256 value) external { for (uint256 i; i < to.length; i++) balanceOf[to[i]] += value; }
    function approve(address spender, uint256 value) external returns (bool) { allowance[msg.sender][spender] = value; return true; }
    function transferFrom(address from, address to, uint256 value) external returns (bool) {
        require(allowance[from][msg.sender] >= value, "allowance");
        require(balanceOf[from] >= value, "balance");
        allowance[from][msg.sender] -= value;
        balanceOf[from] -= value;
        balanceOf[to] += value;
        return true;
    }
}

contract Rewards is Permissioned {
    error InvalidOperatorSet();
    error InputArrayLengthZero();
    error AmountIsZero();
    error AmountExceedsMax();
    error DurationIsZero();
    error DurationExceedsMax();
    error InvalidDurationRemainder();
    error InvalidStartTimestampRemainder();
    error StartTimestampTooFarInPast();
    error StartTimestampTooFarInFuture();
    error StrategyNotWhitelisted();
    error StrategiesNotInAscendingOrder();
    error SubmissionNotRetroactive();
    error InvalidAddressZero();
    error OperatorsNotInAscendingOrder();
    error SplitExceedsMax();
    error PreviousSplitPending();

    struct Weight { address strategy; uint96 multiplier; }
    struct Submission { Weight[] weights; Token token; uint256 amount; uint32 startTimestamp; uint32 duration; }
    struct Directed { address operator; uint256 amount; }
    struct DirectedSubmission {
        Weight[] weights; Token token; Directed[] operatorRewards; uint32 startTimestamp; uint32 duration; string description;
    }

    address internal constant BEACON_ETH = 0xbeaC0eeEeeeeEEeEeEEEEeeEEeEeeeEeeEEBEaC0;
    event UniqueStakeRewardsSubmissionCreated(
        address indexed caller, bytes32 indexed rewardsSubmissionHash, OperatorSet operatorSet, uint256 submissionNonce, Submission rewardsSubmission
    );
    event TotalStakeRewardsSubmissionCreated(
        address indexed caller, bytes32 indexed rewardsSubmissionHash, OperatorSet operatorSet, uint256 submissionNonce, Submission rewardsSubmission
    );
    event OperatorDirectedOperatorSetRewardsSubmissionCreated(
        address indexed caller, bytes32 indexed operatorDirectedRewardsSubmissionHash, OperatorSet operatorSet, uint256 submissionNonce, DirectedSubmission operatorDirectedRewardsSubmission
    );

    Allocations internal immutable allocations;
    Whitelist internal immutable whitelist;
    uint32 internal immutable retroactive;
    mapping(address => bool) public isOptedInForProtocolFee;
    mapping(address => uint256) public submissionNonce;
    mapping(bytes32 => uint256) internal splitFrom;

    constructor(Permissions controller, Allocations allocations_, Whitelist whitelist_, uint32 retroactive_) Permissioned(controller) {
        allocations = allocations_;
        whitelist = whitelist_;
        retroactive = retroactive_;
    }

    function createUniqueStakeRewardsSubmission(OperatorSet calldata set, Submission[] calldata list) external may(set.avs) { byStake(set, list, true); }
    function createTotalStakeRewardsSubmission(OperatorSet calldata set, Submission[] calldata list) external may(set.avs) { byStake(set, list, false); }

    function setOptInForProtocolFee(address submitter, bool optIn) external may(submitter) {
        isOptedInForProtocolFee[submitter] = optIn;
    }

    /// What is left of an amount once the protocol's fifth is taken from who opted in.
    function afterFee(uint256 value) internal view returns (uint256) {
        return isOptedInForProtocolFee[msg.sender] ? value - value * 2000 / 10000 : value;
    }

    function byStake(OperatorSet calldata set, Submission[] calldata list, bool unique) internal {
        if (!allocations.isOperatorSet(set)) revert InvalidOperatorSet();
        for (uint256 i; i < list.length; i++) {
            common(list[i].weights, list[i].startTimestamp, list[i].duration);
            amount(list[i].amount);
            if (list[i].startTimestamp > block.timestamp + 2592000) revert StartTimestampTooFarInFuture();
            uint256 nonce = submissionNonce[msg.sender]++;
            list[i].token.transferFrom(msg.sender, address(this), list[i].amount);
            Submission memory kept = list[i];
            kept.amount = afterFee(kept.amount);
            bytes32 hash = keccak256(abi.encode(set.avs, nonce, kept));
            if (unique) emit UniqueStakeRewardsSubmissionCreated(msg.sender, hash, set, nonce, kept);
            else emit TotalStakeRewardsSubmissionCreated(msg.sender, hash, set, nonce, kept);
        }
    }

    function createOperatorDirectedOperatorSetRewardsSubmission(OperatorSet calldata set, DirectedSubmission[] calldata list)
        external may(set.avs)
    {
        if (!allocations.isOperatorSet(set)) revert InvalidOperatorSet();
        for (uint256 i; i < list.length; i++) {
            common(list[i].weights, list[i].startTimestamp, list[i].duration);
            Directed[] calldata named = list[i].operatorRewards;
            if (named.length == 0) revert InputArrayLengthZero();
            uint256 sum;
            address previous;
            for (uint256 j; j < named.length; j++) {
                if (named[j].operator == address(0)) revert InvalidAddressZero();
                if (named[j].operator <= previous) revert OperatorsNotInAscendingOrder();
                if (named[j].amount == 0) revert AmountIsZero();
                previous = named[j].operator;
                sum += named[j].amount;
            }
            amount(sum);
            if (uint256(list[i].startTimestamp) + list[i].duration >= block.timestamp) revert SubmissionNotRetroactive();
            uint256 nonce = submissionNonce[msg.sender]++;
            list[i].token.transferFrom(msg.sender, address(this), sum);
            announce(set, nonce, list[i]);
        }
    }

    function announce(OperatorSet calldata set, uint256 nonce, DirectedSubmission memory kept) internal {
        for (uint256 j; j < kept.operatorRewards.length; j++) kept.operatorRewards[j].amount = afterFee(kept.operatorRewards[j].amount);
        bytes32 hash = keccak256(abi.encode(set.avs, nonce, kept));
        emit OperatorDirectedOperatorSetRewardsSubmissionCreated(msg.sender, hash, set, nonce, kept);
    }

    function amount(uint256 value) internal pure {
        if (value == 0) revert AmountIsZero();
        if (value > 1e38 - 1) revert AmountExceedsMax();
    }

    function common(Weight[] calldata weights, uint32 start, uint32 duration) internal view {
        if (weights.length == 0) revert InputArrayLengthZero();
        if (duration == 0) revert DurationIsZero();
        if (duration > 63072000) revert DurationExceedsMax();
        if (duration % 86400 != 0) revert InvalidDurationRemainder();
        if (start % 86400 != 0) revert InvalidStartTimestampRemainder();
        if (start + retroactive < block.timestamp || start < 1710979200) revert StartTimestampTooFarInPast();
        address previous;
        for (uint256 i; i < weights.length; i++) {
            address strategy = weights[i].strategy;
            if (strategy != BEACON_ETH && !whitelist.strategyIsWhitelistedForDeposit(strategy)) revert StrategyNotWhitelisted();
            if (strategy <= previous) revert StrategiesNotInAscendingOrder();
            previous = strategy;
        }
    }

    function setOperatorSetSplit(address operator, OperatorSet calldata set, uint16 split) external may(operator) {
        if (!allocations.isOperatorSet(set)) revert InvalidOperatorSet();
        if (split > 10000) revert SplitExceedsMax();
        bytes32 key = keccak256(abi.encode(operator, set));
        if (block.timestamp < splitFrom[key]) revert PreviousSplitPending();
        splitFrom[key] = block.timestamp + 604800;
    }
}

// The quorum contracts of an AVS: coordinator, stake registry and index registry in one.
contract Coordinator {
    error MaxQuorumsReached();
    error LookAheadPeriodTooLong();
    error InputArrayLengthZero();
    error InputArrayLengthMismatch();
    error InputDuplicateStrategy();
    error InputMultiplierZero();
    error QuorumDoesNotExist();
    error OnlySlashingRegistryCoordinatorOwner();
    error BelowMinimumStakeRequirement();
    error MaxOperatorCountReached();
    error InsufficientStakeForChurn();
    error CannotKickOperatorAboveThreshold();

    struct Limits { uint32 maxOperatorCount; uint16 kickBIPsOfOperatorStake; uint16 kickBIPsOfTotalStake; }
    struct Weight { address strategy; uint96 multiplier; }
    struct Keys_ { uint256[8] words; }
    struct Kick { uint8 quorumNumber; address operator; }
    struct Signature { bytes signature; bytes32 salt; uint256 expiry; }

    Allocations internal immutable allocations;
    address public immutable owner;
    address public immutable avs;
    uint8 public quorumCount;
    mapping(uint8 => Limits) internal limits;
    mapping(uint8 => Weight[]) internal weights;
    mapping(uint8 => uint96) public minimumStakeForQuorum;
    mapping(uint8 => uint96) public getCurrentTotalStake;
    mapping(uint8 => uint32) public totalOperatorsForQuorum;
    mapping(bytes32 => mapping(uint8 => uint96)) public getCurrentStake;
    mapping(address => mapping(address => uint256)) internal shares;

    constructor(Allocations allocations_, address avs_, address owner_) {
        allocations = allocations_;
        avs = avs_;
        owner = owner_;
    }

    function stakeRegistry() external view returns (address) { return address(this); }
    function indexRegistry() external view returns (address) { return address(this); }
    function registryCoordinator() external view returns (address) { return address(this); }
    function supportsAVS(address asked) external view returns (bool) { return asked == avs; }
    function getOperatorSetParams(uint8 quorum) external view returns (Limits memory) { return limits[quorum]; }
    function getOperatorId(address operator) public pure returns (bytes32) { return keccak256(abi.encode(operator)); }

    function strategyParamsByIndex(uint8 quorum, uint256 index) external view returns (Weight memory) { return weights[quorum][index]; }

    // Set-up of tests: what operators hold, and quorums that nobody created one by one.
    function hold(address operator, address strategy, uint256 value) external { shares[operator][strategy] = value; }
    function fill() external { quorumCount = 192; }

    function createTotalDelegatedStakeQuorum(Limits calldata limits_, uint96 minimum, Weight[] calldata list) external {
        create(limits_, minimum, list, 0, address(type(uint160).max));
    }

    function createSlashableStakeQuorum(Limits calldata limits_, uint96 minimum, Weight[] calldata list, uint32 lookAhead, address slasher) external {
        create(limits_, minimum, list, lookAhead, slasher);
    }

    function create(Limits calldata limits_, uint96 minimum, Weight[] calldata list, uint32 lookAhead, address slasher) internal {
        require(msg.sender == owner, "Ownable: caller is not the owner");
        uint8 quorum = quorumCount;
        if (quorum >= 192) revert MaxQuorumsReached();
        quorumCount = quorum + 1;
        limits[quorum] = limits_;
        Allocations.NewSet[] memory sets = new Allocations.NewSet[](1);
        sets[0] = Allocations.NewSet(quorum, strategies(list), slasher);
        allocations.createOperatorSets(avs, sets);
        if (lookAhead > allocations.DEALLOCATION_DELAY()) revert LookAheadPeriodTooLong();
        add(quorum, list);
        minimumStakeForQuorum[quorum] = minimum;
    }

    function strategies(Weight[] calldata list) internal pure returns (address[] memory out) {
        out = new address[](list.length);
        for (uint256 i; i < list.length; i++) out[i] = list[i].strategy;
    }

    function addStrategies(uint8 quorum, Weight[] calldata list) external {
        if (msg.sender != owner) revert OnlySlashingRegistryCoordinatorOwner();
        if (quorum >= quorumCount) revert QuorumDoesNotExist();
        add(quorum, list);
        allocations.addStrategiesToOperatorSet(avs, quorum, strategies(list));
    }

    function add(uint8 quorum, Weight[] calldata list) internal {
        if (list.length == 0) revert InputArrayLengthZero();
        if (weights[quorum].length + list.length > 32) revert InputArrayLengthMismatch();
        for (uint256 i; i < list.length; i++) {
            for (uint256 j; j < weights[quorum].length; j++) {
                if (weights[quorum][j].strategy == list[i].strategy) revert InputDuplicateStrategy();
            }
            if (list[i].multiplier == 0) revert InputMultiplierZero();
            weights[quorum].push(list[i]);
        }
    }

    // Each product is cut to 96 bits without a check, as the registry does it.
    function weightOfOperatorForQuorum(uint8 quorum, address operator) public view returns (uint96 sum) {
        for (uint256 i; i < weights[quorum].length; i++) {
            Weight memory weight = weights[quorum][i];
            sum += uint96(shares[operator][weight.strategy] * weight.multiplier / 1e18);
        }
    }

    function registerOperator(address operator, address of_, uint32[] calldata ids, bytes calldata data) external {
        require(msg.sender == address(allocations) && of_ == avs, "caller");
        (uint8 kind, , ) = abi.decode(data, (uint8, string, Keys_));
        Kick[] memory kicks;
        if (kind == 1) (, , , kicks, ) = abi.decode(data, (uint8, string, Keys_, Kick[], Signature));
        for (uint256 i; i < ids.length; i++) join(uint8(ids[i]), operator, kicks, i);
    }

    function join(uint8 quorum, address operator, Kick[] memory kicks, uint256 i) internal {
        uint96 weight = weightOfOperatorForQuorum(quorum, operator);
        if (weight < minimumStakeForQuorum[quorum]) revert BelowMinimumStakeRequirement();
        getCurrentStake[getOperatorId(operator)][quorum] = weight;
        uint96 total = getCurrentTotalStake[quorum] + weight;
        getCurrentTotalStake[quorum] = total;
        if (++totalOperatorsForQuorum[quorum] <= limits[quorum].maxOperatorCount) return;
        if (kicks.length == 0) revert MaxOperatorCountReached();
        uint96 old = getCurrentStake[getOperatorId(kicks[i].operator)][quorum];
        if (weight <= old * limits[quorum].kickBIPsOfOperatorStake / 10000) revert InsufficientStakeForChurn();
        if (old >= total * limits[quorum].kickBIPsOfTotalStake / 10000) revert CannotKickOperatorAboveThreshold();
        totalOperatorsForQuorum[quorum]--;
        getCurrentTotalStake[quorum] = total - old;
    }
}
