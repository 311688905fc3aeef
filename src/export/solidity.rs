//! Target `solidity`: a library of constants and a Foundry script that applies them.
//!
//! Both stand alone: no import, so that they compile in any project.

use super::action::Action;
use super::address::{Address, hex};
use super::arguments::{NewSet, StrategyAndMultiplier, Submission};
use super::design::{Deployment, OperatorSet, RewardsKind};
use super::plan::{Phase, Step, plan};
use super::{Artifact, text};
use std::fmt::Write as _;

/// Stands for the AVS in generated code, where it is a variable.
const AVS: Address = super::address::literal("00000000000000000000000000000000000a5a5a");

pub(super) fn files(deployment: &Deployment) -> Vec<Artifact> {
    vec![
        text("solidity/src/Parameters.sol", &library(deployment)),
        text("solidity/script/Apply.s.sol", &script(deployment)),
        text(
            "solidity/foundry.toml",
            "[profile.default]\nsrc = \"src\"\nscript = \"script\"\n",
        ),
        text("solidity/README.md", &readme(deployment)),
    ]
}

const HEADER: &str = "// SPDX-License-Identifier: MIT\npragma solidity ^0.8.20;\n";

fn library(deployment: &Deployment) -> String {
    let mut out = format!(
        "{HEADER}\n/// Decided parameters of {}.\nlibrary Parameters {{\n",
        comment(&deployment.name)
    );
    let mut constant = |kind: &str, name: &str, value: String, note: &str| {
        if !note.is_empty() {
            let _ = writeln!(out, "    /// {}", comment(note));
        }
        let _ = writeln!(out, "    {kind} internal constant {name} = {value};");
    };
    constant(
        "uint256",
        "CHAIN_ID",
        deployment.network.chain_id.to_string(),
        "",
    );
    constant(
        "string",
        "METADATA_URI",
        string(&deployment.metadata_uri),
        "",
    );
    for set in &deployment.operator_sets {
        let name = |suffix: &str| format!("SET_{}_{suffix}", set.id);
        constant("uint32", &name("ID"), set.id.to_string(), &set.purpose);
        constant("address", &name("SLASHER"), set.slasher.to_string(), "");
        if let Some(recipient) = set.redistribution_recipient {
            constant(
                "address",
                &name("REDISTRIBUTION_RECIPIENT"),
                recipient.to_string(),
                "",
            );
        }
        for (rule, slash) in set.slash_rules.iter().enumerate() {
            let wads = name(&format!("OFFENCE_{rule}_WADS_TO_SLASH"));
            constant(
                "uint256",
                &wads,
                slash.wads_to_slash.to_string(),
                &slash.offence,
            );
            for (index, one) in slash.wads_by_strategy.iter().enumerate() {
                let of = |suffix: &str| name(&format!("OFFENCE_{rule}_STRATEGY_{index}{suffix}"));
                constant(
                    "address",
                    &of(""),
                    one.strategy.to_string(),
                    "slashed by a fraction of its own; in the order of the call",
                );
                constant(
                    "uint256",
                    &of("_WADS_TO_SLASH"),
                    one.wads_to_slash.to_string(),
                    "",
                );
            }
            constant(
                "uint32",
                &name(&format!("OFFENCE_{rule}_DISPUTE_BLOCKS")),
                slash.dispute.to_string(),
                "",
            );
            constant(
                "uint32",
                &name(&format!("OFFENCE_{rule}_VETO_BLOCKS")),
                slash.veto.to_string(),
                "",
            );
        }
        if let Some(quorum) = &set.quorum {
            constant(
                "uint32",
                &name("MAX_OPERATORS"),
                quorum.max_operators.to_string(),
                "",
            );
            constant(
                "uint96",
                &name("MINIMUM_STAKE"),
                quorum.minimum_stake.to_string(),
                "weighted stake, times 1e18",
            );
            constant(
                "uint16",
                &name("THRESHOLD_BIPS"),
                quorum.threshold.to_string(),
                "",
            );
            constant(
                "uint16",
                &name("KICK_BIPS_OF_OPERATOR_STAKE"),
                quorum.kick_bips_of_operator_stake.to_string(),
                "",
            );
            constant(
                "uint16",
                &name("KICK_BIPS_OF_TOTAL_STAKE"),
                quorum.kick_bips_of_total_stake.to_string(),
                "",
            );
            constant(
                "uint32",
                &name("LOOK_AHEAD_BLOCKS"),
                quorum.look_ahead.to_string(),
                "",
            );
        }
    }
    for (index, submission) in deployment.rewards.iter().enumerate() {
        let name = |suffix: &str| format!("REWARDS_{index}_{suffix}");
        constant("address", &name("TOKEN"), submission.token.to_string(), "");
        constant("uint32", &name("START"), submission.start.to_string(), "");
        constant(
            "uint32",
            &name("DURATION"),
            submission.duration.to_string(),
            "",
        );
        if let RewardsKind::UniqueStake { amount } | RewardsKind::TotalStake { amount } =
            submission.kind
        {
            constant("uint256", &name("AMOUNT"), amount.to_string(), "");
        }
    }
    for set in &deployment.operator_sets {
        out.push_str(&strategies(set));
    }
    out.push_str("}\n");
    out
}

fn strategies(set: &OperatorSet) -> String {
    let mut out = format!(
        "\n    function set{id}Strategies() internal pure returns (address[] memory strategies) {{\n        \
         strategies = new address[]({count});\n",
        id = set.id,
        count = set.strategies.len(),
    );
    for (index, weighted) in set.strategies.iter().enumerate() {
        let _ = writeln!(
            out,
            "        strategies[{index}] = {}; // {}",
            weighted.strategy,
            comment(&weighted.symbol)
        );
    }
    out.push_str("    }\n");
    let _ = write!(
        out,
        "\n    /// Weights of the strategies, times 1e18, in the same order.\n    \
         function set{id}Multipliers() internal pure returns (uint96[] memory multipliers) {{\n        \
         multipliers = new uint96[]({count});\n",
        id = set.id,
        count = set.strategies.len(),
    );
    for (index, weighted) in set.strategies.iter().enumerate() {
        let _ = writeln!(
            out,
            "        multipliers[{index}] = {};",
            weighted.multiplier
        );
    }
    out.push_str("    }\n");
    out
}

fn script(deployment: &Deployment) -> String {
    let steps = plan(deployment, AVS);
    let calls = |phase: Phase| {
        let mut body = String::new();
        for (index, _) in steps
            .iter()
            .enumerate()
            .filter(|(_, step)| step.phase == phase)
        {
            let _ = writeln!(body, "        step{}(avs);", index + 1);
        }
        body
    };
    let mut functions = String::new();
    for (index, step) in steps.iter().enumerate() {
        let _ = write!(
            functions,
            "\n    /// {}\n    function step{}(address avs) internal {{\n{}    }}\n",
            comment(&step.title),
            index + 1,
            statement(deployment, step),
        );
    }
    let later = calls(Phase::AfterTransport);
    let after = if later.is_empty() {
        String::new()
    } else {
        format!(
            "\n    /// Run after the stake table has arrived, by its owner: --sig \"afterTransport()\".\n    \
             function afterTransport() external {{\n        address avs = vm.envAddress(\"AVS\");\n        \
             vm.startBroadcast();\n{later}        vm.stopBroadcast();\n    }}\n"
        )
    };
    format!(
        "{HEADER}\nimport {{Parameters}} from \"../src/Parameters.sol\";\n\n{INTERFACES}\n\
         /// Sends the decided calls, in order. The AVS is the environment variable AVS.\n\
         contract Apply {{\n    Vm internal constant vm = Vm(address(uint160(uint256(keccak256(\"hevm cheat code\")))));\n\n    \
         function run() external {{\n        require(block.chainid == Parameters.CHAIN_ID, \"another chain was decided for\");\n        \
         address avs = vm.envAddress(\"AVS\");\n        vm.startBroadcast();\n{}        vm.stopBroadcast();\n    }}\n{after}{functions}}}\n",
        calls(Phase::Setup),
    )
}

/// Our own declarations of what is called, from the signatures of the deployed contracts.
const INTERFACES: &str = "interface Vm {
    function envAddress(string calldata name) external view returns (address);
    function startBroadcast() external;
    function stopBroadcast() external;
}

struct OperatorSet { address avs; uint32 id; }
struct NewSet { uint32 operatorSetId; address[] strategies; address slasher; }
struct TableConfig { address owner; uint32 maxStalenessPeriod; }
struct Consensus { uint8 consensusType; bytes value; }
struct TaskConfig {
    address taskHook; uint96 taskSLA; address feeToken; uint8 curveType;
    address feeCollector; Consensus consensus; bytes taskMetadata;
}
struct Weight { address strategy; uint96 multiplier; }
struct Submission { Weight[] weights; address token; uint256 amount; uint32 startTimestamp; uint32 duration; }
struct DirectedReward { address operator; uint256 amount; }
struct DirectedSubmission {
    Weight[] weights; address token; DirectedReward[] operatorRewards;
    uint32 startTimestamp; uint32 duration; string description;
}

interface AllocationManager {
    function updateAVSMetadataURI(address avs, string calldata metadataURI) external;
    function setAVSRegistrar(address avs, address registrar) external;
    function createOperatorSets(address avs, NewSet[] calldata params) external;
    function createRedistributingOperatorSets(address avs, NewSet[] calldata params, address[] calldata recipients) external;
}

interface PermissionController {
    function setAppointee(address account, address appointee, address target, bytes4 selector) external;
}

interface KeyRegistrar {
    function configureOperatorSet(OperatorSet calldata operatorSet, uint8 curveType) external;
}

interface CrossChainRegistry {
    function createGenerationReservation(OperatorSet calldata operatorSet, address calculator, TableConfig calldata config) external;
}

interface TaskMailbox {
    function setExecutorOperatorSetTaskConfig(OperatorSet calldata operatorSet, TaskConfig calldata config) external;
    function registerExecutorOperatorSet(OperatorSet calldata operatorSet, bool isRegistered) external;
}

interface Token {
    function approve(address spender, uint256 value) external returns (bool);
}

interface RewardsCoordinator {
    function createUniqueStakeRewardsSubmission(OperatorSet calldata operatorSet, Submission[] calldata submissions) external;
    function createTotalStakeRewardsSubmission(OperatorSet calldata operatorSet, Submission[] calldata submissions) external;
    function createOperatorDirectedOperatorSetRewardsSubmission(OperatorSet calldata operatorSet, DirectedSubmission[] calldata submissions) external;
}
";

/// Lines that build the arguments of a step and send it.
fn statement(deployment: &Deployment, step: &Step) -> String {
    let contract = step.call.action.contract();
    let target = format!("{contract}({})", step.call.to);
    let function = step.call.action.function();
    let mut out = String::new();
    let mut line = |text: String| {
        let _ = writeln!(out, "        {text}");
    };
    match &step.call.action {
        Action::UpdateMetadata(_) => line(format!(
            "{target}.{function}(avs, Parameters.METADATA_URI);"
        )),
        Action::SetRegistrar(a) => line(format!("{target}.{function}(avs, {});", a.registrar)),
        Action::CreateSets(a) => {
            new_sets(&mut line, &a.params);
            line(format!("{target}.{function}(avs, sets);"));
        }
        Action::CreateRedistributingSets(a) => {
            new_sets(&mut line, &a.params);
            line(format!(
                "address[] memory recipients = new address[]({});",
                a.redistribution_recipients.len()
            ));
            for (index, set) in a.params.iter().enumerate() {
                line(format!(
                    "recipients[{index}] = Parameters.SET_{}_REDISTRIBUTION_RECIPIENT;",
                    set.operator_set_id
                ));
            }
            line(format!("{target}.{function}(avs, sets, recipients);"));
        }
        Action::SetAppointee(a) => {
            line(format!(
                "{target}.{function}(avs, {}, {}, 0x{});",
                a.appointee,
                a.target,
                hex(&a.selector.0)
            ));
        }
        Action::ConfigureKeys(a) => {
            line(format!(
                "{target}.{function}(OperatorSet(avs, {}), {});",
                a.operator_set.id, a.curve_type
            ));
        }
        Action::ReserveGeneration(a) => {
            line(format!(
                "TableConfig memory config = TableConfig({}, {});",
                a.config.owner, a.config.max_staleness_period
            ));
            let calculator = a.operator_table_calculator;
            line(format!(
                "{target}.{function}(OperatorSet(avs, {}), {calculator}, config);",
                a.operator_set.id
            ));
        }
        Action::SetTaskConfig(a) => {
            let config = &a.config;
            let bytes = |value: &[u8]| {
                if value.is_empty() {
                    "\"\"".into()
                } else {
                    format!("hex\"{}\"", hex(value))
                }
            };
            line(format!(
                "Consensus memory consensus = Consensus({}, {});",
                config.consensus.consensus_type,
                bytes(&config.consensus.value.0)
            ));
            line("TaskConfig memory config = TaskConfig(".into());
            line(format!(
                "    {}, {}, {}, {}, {}, consensus, {}",
                config.task_hook,
                config.task_sla,
                config.fee_token,
                config.curve_type,
                config.fee_collector,
                bytes(&config.task_metadata.0),
            ));
            line(");".into());
            line(format!(
                "{target}.{function}(OperatorSet(avs, {}), config);",
                a.operator_set.id
            ));
        }
        Action::RegisterExecutorSet(a) => {
            line(format!(
                "{target}.{function}(OperatorSet(avs, {}), {});",
                a.operator_set.id, a.is_registered.0
            ));
        }
        Action::Approve(a) => line(format!("{target}.{function}({}, {});", a.spender, a.value)),
        Action::UniqueStakeRewards(a) | Action::TotalStakeRewards(a) => {
            for (index, submission) in a.rewards_submissions.iter().enumerate() {
                stake_submission(&mut line, index, submission, a.rewards_submissions.len());
            }
            line(format!(
                "{target}.{function}(OperatorSet(avs, {}), submissions);",
                a.operator_set.id
            ));
        }
        Action::OperatorDirectedRewards(a) => {
            let count = a.operator_directed_rewards_submissions.len();
            line(format!(
                "DirectedSubmission[] memory submissions = new DirectedSubmission[]({count});"
            ));
            for (index, submission) in a.operator_directed_rewards_submissions.iter().enumerate() {
                let item = format!("submissions[{index}]");
                weights(&mut line, &item, &submission.strategies_and_multipliers);
                line(format!("{item}.token = {};", submission.token));
                line(format!(
                    "{item}.operatorRewards = new DirectedReward[]({});",
                    submission.operator_rewards.len()
                ));
                for (place, reward) in submission.operator_rewards.iter().enumerate() {
                    line(format!(
                        "{item}.operatorRewards[{place}] = DirectedReward({}, {});",
                        reward.operator, reward.amount
                    ));
                }
                line(format!(
                    "{item}.startTimestamp = {};",
                    submission.start_timestamp
                ));
                line(format!("{item}.duration = {};", submission.duration));
                line(format!(
                    "{item}.description = {};",
                    string(&submission.description)
                ));
            }
            line(format!(
                "{target}.{function}(OperatorSet(avs, {}), submissions);",
                a.operator_set.id
            ));
        }
        other => unreachable!("a plan for {} has no {}", deployment.name, other.function()),
    }
    let uses_avs = step.call.action.contract().is_of_protocol();
    if uses_avs {
        out
    } else {
        format!("        avs; // the sender's tokens\n{out}")
    }
}

fn new_sets(line: &mut impl FnMut(String), sets: &[NewSet]) {
    line(format!(
        "NewSet[] memory sets = new NewSet[]({});",
        sets.len()
    ));
    for (index, set) in sets.iter().enumerate() {
        let id = set.operator_set_id;
        line(format!(
            "sets[{index}] = NewSet(Parameters.SET_{id}_ID, Parameters.set{id}Strategies(), Parameters.SET_{id}_SLASHER);"
        ));
    }
}

fn stake_submission(
    line: &mut impl FnMut(String),
    index: usize,
    submission: &Submission,
    count: usize,
) {
    if index == 0 {
        line(format!(
            "Submission[] memory submissions = new Submission[]({count});"
        ));
    }
    let item = format!("submissions[{index}]");
    weights(line, &item, &submission.strategies_and_multipliers);
    line(format!("{item}.token = {};", submission.token));
    line(format!("{item}.amount = {};", submission.amount));
    line(format!(
        "{item}.startTimestamp = {};",
        submission.start_timestamp
    ));
    line(format!("{item}.duration = {};", submission.duration));
}

fn weights(line: &mut impl FnMut(String), item: &str, weights: &[StrategyAndMultiplier]) {
    line(format!("{item}.weights = new Weight[]({});", weights.len()));
    for (place, weight) in weights.iter().enumerate() {
        line(format!(
            "{item}.weights[{place}] = Weight({}, {});",
            weight.strategy, weight.multiplier
        ));
    }
}

/// A Solidity string of any text.
fn string(text: &str) -> String {
    let mut out = String::from("unicode\"");
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            control if control.is_control() => {
                let _ = write!(out, "\\u{:04x}", u32::from(control));
            }
            // Marks that change the direction of text are refused by the compiler unless escaped.
            mark @ ('\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}') => {
                let _ = write!(out, "\\u{:04x}", u32::from(mark));
            }
            plain => out.push(plain),
        }
    }
    out.push('"');
    out
}

/// Text inside a one-line comment: nothing ends the line.
fn comment(text: &str) -> String {
    let plain = |character: char| {
        let hidden = character.is_control()
            || matches!(character, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        if hidden || character == '@' {
            ' '
        } else {
            character
        }
    };
    text.chars().map(plain).collect()
}

fn readme(deployment: &Deployment) -> String {
    let sender = deployment
        .caller()
        .map_or("the AVS or its admin".to_owned(), |caller| {
            caller.to_string()
        });
    let avs = deployment
        .avs
        .map_or("0x…".to_owned(), |avs| avs.to_string());
    format!(
        "# {}: Solidity\n\n\
         `src/Parameters.sol` holds every decided integer as a constant: import it where the slasher, the registrar and the \
         tests of the service need them. `script/Apply.s.sol` sends the calls.\n\n\
         Rehearse, nothing is sent:\n\n    \
         AVS={avs} forge script script/Apply.s.sol --rpc-url $ETH_RPC_URL --sender {sender}\n\n\
         Send, with a wallet of your own (never with a key in a file):\n\n    \
         AVS={avs} forge script script/Apply.s.sol --rpc-url $ETH_RPC_URL --sender {sender} --ledger --broadcast\n",
        deployment.name
    )
}
