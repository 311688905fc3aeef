// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.20;

interface Vm {
    function readFile(string calldata path) external view returns (string memory);
    function parseJson(string calldata json, string calldata key) external pure returns (bytes memory);
}

// Decodes exported files as deploy scripts do: parseJson, then abi.decode into the contracts' structs.
contract ParseJson {
    Vm internal constant vm = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));

    struct StrategyParams { address strategy; uint96 multiplier; }
    struct OperatorSetParam { uint32 maxOperatorCount; uint16 kickBIPsOfOperatorStake; uint16 kickBIPsOfTotalStake; }

    function testQuorums() external view {
        string memory json = vm.readFile("../middleware/quorums.json");
        uint256[] memory minimums = abi.decode(vm.parseJson(json, ".minimumStakes"), (uint256[]));
        require(minimums.length == 1 && minimums[0] == 320 ether, "minimum stakes");
        StrategyParams[][] memory weights = abi.decode(vm.parseJson(json, ".strategyWeights"), (StrategyParams[][]));
        require(weights.length == 1 && weights[0].length == 13, "weights");
        require(weights[0][0].strategy == 0xbeaC0eeEeeeeEEeEeEEEEeeEEeEeeeEeeEEBEaC0, "first strategy");
        require(weights[0][1].multiplier == 1030077629425962827, "a multiplier beyond 53 bits");
        require(weights[0][12].multiplier == 1028802524926876401, "last multiplier");
        OperatorSetParam[] memory limits = abi.decode(vm.parseJson(json, ".operatorSetParams"), (OperatorSetParam[]));
        require(limits.length == 1 && limits[0].maxOperatorCount == 200, "most operators");
        require(limits[0].kickBIPsOfOperatorStake == 11000 && limits[0].kickBIPsOfTotalStake == 50, "kick bips");
        require(abi.decode(vm.parseJson(json, ".chainInfo.chainId"), (uint256)) == 1, "chain");
        require(abi.decode(vm.parseJson(json, ".permissions.owner"), (address)) != address(0), "owner");
    }

    function testNewer() external view {
        string memory json = vm.readFile("../middleware/avs-set-0.json");
        address[] memory strategies = abi.decode(vm.parseJson(json, ".strategies"), (address[]));
        uint256[] memory multipliers = abi.decode(vm.parseJson(json, ".multipliers"), (uint256[]));
        require(strategies.length == 13 && multipliers.length == 13, "lengths");
        require(multipliers[0] == 10000 && multipliers[1] == 10301, "basis points");
        require(abi.decode(vm.parseJson(json, ".calculatorType"), (uint256)) == 1, "calculator");
    }
}
