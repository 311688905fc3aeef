// SPDX-License-Identifier: MIT OR Apache-2.0
// What surrounds the protocol's contracts when they themselves are deployed: proxies, tokens, a registrar.
// Each can be put at an address by its runtime code alone: nothing is set by a constructor.
pragma solidity 0.8.30;

/// Forwards to the contract named in the ERC-1967 slot.
contract ProxyDouble {
    receive() external payable {
        forward();
    }

    fallback() external payable {
        forward();
    }

    function forward() internal {
        assembly {
            let target := sload(0x360894a13ba1a3210667c828492db98dca3e2076cc3735a920a3ca505d382bbc)
            calldatacopy(0, 0, calldatasize())
            let fine := delegatecall(gas(), target, 0, calldatasize(), 0, 0)
            returndatacopy(0, 0, returndatasize())
            if iszero(fine) { revert(0, returndatasize()) }
            return(0, returndatasize())
        }
    }
}

/// Says which contract its proxies forward to.
contract BeaconDouble {
    address public implementation;

    function set(address target) external {
        implementation = target;
    }
}

contract CoinDouble {
    string public symbol;
    uint8 public decimals;
    uint256 public totalSupply;
    mapping(address => uint256) public balanceOf;
    mapping(address => mapping(address => uint256)) public allowance;

    function name(string calldata text, uint8 digits) external {
        symbol = text;
        decimals = digits;
    }

    function mint(address to, uint256 amount) external {
        balanceOf[to] += amount;
        totalSupply += amount;
    }

    function approve(address spender, uint256 amount) external returns (bool) {
        allowance[msg.sender][spender] = amount;
        return true;
    }

    function transfer(address to, uint256 amount) external returns (bool) {
        balanceOf[msg.sender] -= amount;
        balanceOf[to] += amount;
        return true;
    }

    function transferFrom(address from, address to, uint256 amount) external returns (bool) {
        allowance[from][msg.sender] -= amount;
        balanceOf[from] -= amount;
        balanceOf[to] += amount;
        return true;
    }
}

/// Lets everybody in.
contract RegistrarDouble {
    function supportsAVS(address) external pure returns (bool) {
        return true;
    }

    function registerOperator(address, address, uint32[] calldata, bytes calldata) external {}

    function deregisterOperator(address, address, uint32[] calldata) external {}
}

contract DepositDouble {}
