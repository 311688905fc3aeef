// SPDX-License-Identifier: MIT OR Apache-2.0
// Doubles of the protocol's contracts for tests: getters return what was set, and what was set emits
// the events that the real contracts emit. Written from the public ABI.
pragma solidity 0.8.30;

struct OperatorSet {
    address avs;
    uint32 id;
}

struct Allocation {
    uint64 currentMagnitude;
    int128 pendingDiff;
    uint32 effectBlock;
}

struct Withdrawal {
    address staker;
    address delegatedTo;
    address withdrawer;
    uint256 nonce;
    uint32 startBlock;
    address[] strategies;
    uint256[] scaledShares;
}

contract DelegationDouble {
    event OperatorRegistered(address indexed operator, address delegationApprover);
    event OperatorMetadataURIUpdated(address indexed operator, string metadataURI);
    event SlashingWithdrawalQueued(bytes32 withdrawalRoot, Withdrawal withdrawal, uint256[] sharesToWithdraw);

    uint32 public constant minWithdrawalDelayBlocks = 100800;
    mapping(address => bool) public generated;
    mapping(address => mapping(address => uint256)) public set;
    mapping(address => mapping(address => uint256)) public getSlashableSharesInQueue;

    /// Registers operators at consecutive addresses, whose shares follow from their addresses.
    function generate(uint160 first, uint256 count) external {
        for (uint160 i = 0; i < count; i++) {
            address operator = address(first + i);
            generated[operator] = true;
            emit OperatorRegistered(operator, address(0));
            emit OperatorMetadataURIUpdated(operator, "https://example.invalid/operator.json");
        }
    }

    function register(address operator, string calldata uri) external {
        emit OperatorRegistered(operator, address(0));
        emit OperatorMetadataURIUpdated(operator, uri);
    }

    function setShares(address operator, address strategy, uint256 shares) external {
        set[operator][strategy] = shares;
    }

    function queue(address operator, address strategy, uint256 shares) external {
        getSlashableSharesInQueue[operator][strategy] += shares;
        address[] memory strategies = new address[](1);
        uint256[] memory amounts = new uint256[](1);
        strategies[0] = strategy;
        amounts[0] = shares;
        emit SlashingWithdrawalQueued(
            keccak256(abi.encode(operator, strategy, block.number)),
            Withdrawal(msg.sender, operator, msg.sender, block.number, uint32(block.number), strategies, amounts),
            amounts
        );
    }

    function sharesOf(address operator, address strategy) public view returns (uint256) {
        uint256 made = generated[operator] ? uint256(keccak256(abi.encode(operator, strategy))) % 1e24 : 0;
        return set[operator][strategy] + made;
    }

    function getOperatorsShares(address[] calldata operators, address[] calldata strategies)
        external
        view
        returns (uint256[][] memory out)
    {
        out = new uint256[][](operators.length);
        for (uint256 i = 0; i < operators.length; i++) {
            out[i] = new uint256[](strategies.length);
            for (uint256 j = 0; j < strategies.length; j++) out[i][j] = sharesOf(operators[i], strategies[j]);
        }
    }
}

contract AllocationDouble {
    event AllocationUpdated(
        address operator, OperatorSet operatorSet, address strategy, uint64 magnitude, uint32 effectBlock
    );
    event OperatorSetCreated(OperatorSet operatorSet);
    event OperatorAddedToOperatorSet(address indexed operator, OperatorSet operatorSet);
    event OperatorRemovedFromOperatorSet(address indexed operator, OperatorSet operatorSet);
    event StrategyAddedToOperatorSet(OperatorSet operatorSet, address strategy);
    event AVSMetadataURIUpdated(address indexed avs, string metadataURI);

    uint32 public constant DEALLOCATION_DELAY = 100800;
    uint32 public constant ALLOCATION_CONFIGURATION_DELAY = 126000;
    uint32 public constant SLASHER_CONFIGURATION_DELAY = 126000;
    uint256 constant WAD = 1e18;

    DelegationDouble immutable delegation;
    mapping(address => uint256) public getOperatorSetCount;
    mapping(bytes32 => address[]) members;
    mapping(bytes32 => address[]) strategies;
    mapping(bytes32 => address) slashers;
    mapping(bytes32 => mapping(address => bool)) slashable;
    mapping(bytes32 => mapping(address => mapping(address => Allocation))) allocations;
    mapping(address => mapping(address => uint64)) public getEncumberedMagnitude;
    mapping(bytes32 => uint256) public lie;

    constructor(DelegationDouble d) {
        delegation = d;
    }

    function key(OperatorSet memory s) public pure returns (bytes32) {
        return keccak256(abi.encode(s.avs, s.id));
    }

    function createSet(OperatorSet calldata s, address[] calldata chosen, address slasher) external {
        getOperatorSetCount[s.avs]++;
        slashers[key(s)] = slasher;
        emit AVSMetadataURIUpdated(s.avs, "https://example.invalid/avs.json");
        emit OperatorSetCreated(s);
        for (uint256 i = 0; i < chosen.length; i++) {
            strategies[key(s)].push(chosen[i]);
            emit StrategyAddedToOperatorSet(s, chosen[i]);
        }
    }

    function join(OperatorSet calldata s, address operator) public {
        members[key(s)].push(operator);
        slashable[key(s)][operator] = true;
        emit OperatorAddedToOperatorSet(operator, s);
    }

    function leave(OperatorSet calldata s, address operator) external {
        address[] storage list = members[key(s)];
        for (uint256 i = 0; i < list.length; i++) {
            if (list[i] == operator) {
                list[i] = list[list.length - 1];
                list.pop();
                break;
            }
        }
        emit OperatorRemovedFromOperatorSet(operator, s);
    }

    function allocate(OperatorSet calldata s, address operator, address strategy, uint64 current, int128 pending)
        public
    {
        uint32 effect = pending == 0 ? uint32(block.number) : uint32(block.number) + 1000;
        Allocation storage a = allocations[key(s)][operator][strategy];
        uint64 before = a.currentMagnitude + (a.pendingDiff > 0 ? uint64(uint128(a.pendingDiff)) : 0);
        a.currentMagnitude = current;
        a.pendingDiff = pending;
        a.effectBlock = pending == 0 ? 0 : effect;
        uint64 then = current + (pending > 0 ? uint64(uint128(pending)) : 0);
        getEncumberedMagnitude[operator][strategy] = getEncumberedMagnitude[operator][strategy] + then - before;
        emit AllocationUpdated(operator, s, strategy, uint64(int64(current) + int64(pending)), effect);
    }

    /// Members at consecutive addresses, each allocating the same magnitude of every strategy of the set.
    function joinAndAllocate(OperatorSet calldata s, uint160 first, uint256 count, uint64 magnitude) external {
        address[] storage chosen = strategies[key(s)];
        for (uint160 i = 0; i < count; i++) {
            join(s, address(first + i));
            for (uint256 j = 0; j < chosen.length; j++) allocate(s, address(first + i), chosen[j], magnitude, 0);
        }
    }

    /// Makes the stake getters answer one unit more than is true.
    function setLie(OperatorSet calldata s, uint256 by) external {
        lie[key(s)] = by;
    }

    function getMembers(OperatorSet calldata s) external view returns (address[] memory) {
        return members[key(s)];
    }

    function getStrategiesInOperatorSet(OperatorSet calldata s) external view returns (address[] memory) {
        return strategies[key(s)];
    }

    function getSlasher(OperatorSet calldata s) external view returns (address) {
        return slashers[key(s)];
    }

    function getRedistributionRecipient(OperatorSet calldata) external pure returns (address) {
        return address(0xE16E4);
    }

    function getAVSRegistrar(address avs) external pure returns (address) {
        return avs;
    }

    function getAllocationDelay(address operator) external pure returns (bool, uint32) {
        return (uint160(operator) % 2 == 0, uint32(uint160(operator) % 1000));
    }

    function getMaxMagnitudes(address[] calldata operators, address) external pure returns (uint64[] memory out) {
        out = new uint64[](operators.length);
        for (uint256 i = 0; i < operators.length; i++) out[i] = uint64(WAD);
    }

    function isOperatorSlashable(address operator, OperatorSet calldata s) external view returns (bool) {
        return slashable[key(s)][operator];
    }

    function getAllocations(address[] calldata operators, OperatorSet calldata s, address strategy)
        external
        view
        returns (Allocation[] memory out)
    {
        out = new Allocation[](operators.length);
        for (uint256 i = 0; i < operators.length; i++) out[i] = allocations[key(s)][operators[i]][strategy];
    }

    function getAllocatedStake(OperatorSet calldata s, address[] calldata operators, address[] calldata chosen)
        external
        view
        returns (uint256[][] memory)
    {
        return stake(s, operators, chosen, 0, false);
    }

    function getMinimumSlashableStake(
        OperatorSet calldata s,
        address[] calldata operators,
        address[] calldata chosen,
        uint32 futureBlock
    ) external view returns (uint256[][] memory) {
        return stake(s, operators, chosen, futureBlock, true);
    }

    function stake(
        OperatorSet calldata s,
        address[] calldata operators,
        address[] calldata chosen,
        uint32 futureBlock,
        bool onlySlashable
    ) internal view returns (uint256[][] memory out) {
        bytes32 k = key(s);
        out = new uint256[][](operators.length);
        for (uint256 i = 0; i < operators.length; i++) {
            out[i] = new uint256[](chosen.length);
            if (onlySlashable && !slashable[k][operators[i]]) continue;
            for (uint256 j = 0; j < chosen.length; j++) {
                uint64 magnitude = magnitudeAt(k, operators[i], chosen[j], onlySlashable ? futureBlock : 0);
                out[i][j] = stakeOf(k, operators[i], chosen[j], magnitude);
            }
        }
    }

    function magnitudeAt(bytes32 k, address operator, address strategy, uint32 futureBlock)
        internal
        view
        returns (uint64)
    {
        Allocation storage a = allocations[k][operator][strategy];
        bool leaves = a.pendingDiff < 0 && a.effectBlock <= futureBlock;
        return leaves ? a.currentMagnitude - uint64(uint128(-a.pendingDiff)) : a.currentMagnitude;
    }

    function stakeOf(bytes32 k, address operator, address strategy, uint64 magnitude)
        internal
        view
        returns (uint256)
    {
        uint256 value = delegation.sharesOf(operator, strategy) * magnitude / WAD;
        return value > 0 ? value + lie[k] : 0;
    }
}

contract StrategyManagerDouble {
    event StrategyAddedToDepositWhitelist(address strategy);

    uint256 public constant SLASH_RESOLUTION_DELAY_BLOCKS = 50400;

    function add(address strategy) external {
        emit StrategyAddedToDepositWhitelist(strategy);
    }
}

contract StrategyDouble {
    address public underlyingToken;
    uint256 public totalShares = 1e30;
    uint256 rate;

    constructor(address token, uint256 r) {
        underlyingToken = token;
        rate = r;
    }

    function sharesToUnderlyingView(uint256 shares) external view returns (uint256) {
        return shares * rate / 1e18;
    }
}

contract TokenDouble {
    string public symbol;
    uint8 public decimals;
    uint256 public getExchangeRate;

    constructor(string memory s, uint8 d, uint256 rate) {
        symbol = s;
        decimals = d;
        getExchangeRate = rate;
    }
}

contract FeedDouble {
    uint8 public decimals;
    int256 answer;
    uint256 updatedAt;

    constructor(uint8 d, int256 a, uint256 age) {
        decimals = d;
        answer = a;
        updatedAt = block.timestamp - age;
    }

    function latestRoundData() external view returns (uint80, int256, uint256, uint256, uint80) {
        return (1, answer, updatedAt, updatedAt, 1);
    }
}

contract RegistryDouble {
    string public version;

    constructor(string memory v) {
        version = v;
    }

    function getAddress(string calldata) external pure returns (address) {
        revert("nonexistent key");
    }
}

contract MulticallDouble {
    struct Call3 {
        address target;
        bool allowFailure;
        bytes callData;
    }

    struct Result3 {
        bool success;
        bytes returnData;
    }

    function aggregate3(Call3[] calldata calls) external payable returns (Result3[] memory out) {
        out = new Result3[](calls.length);
        for (uint256 i = 0; i < calls.length; i++) {
            (out[i].success, out[i].returnData) = calls[i].target.call(calls[i].callData);
            require(out[i].success || calls[i].allowFailure, "call failed");
        }
    }
}
