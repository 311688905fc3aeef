//! Target `middleware`: deployment files of the quorum contracts and of the newer middleware.
//!
//! Forge decodes a JSON object into a struct after sorting its keys, so keys of structs carry the number
//! of the field in front. Integers stand as plain JSON numbers of any length, as forge wants them.

use super::address::Address;
use super::design::{Curve, Deployment, OperatorSet, Quorum, StakeType};
use super::rounding::multiplier_bips_nearest;
use super::{Artifact, text};
use serde_json::{Value, json};
use std::fmt::Write as _;

/// What stands where an address is still to be filled in: no reader takes it for one.
pub const PLACEHOLDER: &str = "FILL IN";

pub(super) fn files(deployment: &Deployment) -> Vec<Artifact> {
    let quorums = quorum_sets(deployment);
    let paid_out = paid_out_quorum(deployment);
    let mut files = Vec::new();
    if !quorums.is_empty() && paid_out.is_none() {
        files.push(text(
            "middleware/quorums.json",
            &render(&quorum_file(deployment, &quorums)),
        ));
    }
    for set in &deployment.operator_sets {
        let path = format!("middleware/avs-set-{}.json", set.id);
        files.push(text(path, &render(&v2_file(deployment, set))));
    }
    files.push(text(
        "middleware/README.md",
        &readme(
            deployment,
            match paid_out {
                Some(set) => QuorumFile::PaidOut(set),
                None if quorums.is_empty() => QuorumFile::None,
                None => QuorumFile::Written,
            },
        ),
    ));
    files
}

/// The first set with a quorum whose slashed stake is paid out: a coordinator creates burning sets only.
#[must_use]
pub fn paid_out_quorum(deployment: &Deployment) -> Option<u32> {
    let mut quorums = quorum_sets(deployment).into_iter();
    quorums
        .find(|(set, _)| set.redistribution_recipient.is_some())
        .map(|(set, _)| set.id)
}

/// What the README says of the file for the quorum contracts.
enum QuorumFile {
    /// No set has a quorum.
    None,
    /// It is there.
    Written,
    /// It is not, because of this set.
    PaidOut(u32),
}

/// Sets with admission rules, by number.
fn quorum_sets(deployment: &Deployment) -> Vec<(&OperatorSet, &Quorum)> {
    let with_rules = |set| OperatorSet::quorum(set).map(|quorum| (set, quorum));
    let mut quorums: Vec<_> = deployment
        .operator_sets
        .iter()
        .filter_map(with_rules)
        .collect();
    quorums.sort_by_key(|(set, _)| set.id);
    quorums
}

impl OperatorSet {
    fn quorum(&self) -> Option<&Quorum> {
        self.quorum.as_ref()
    }
}

/// An integer that JSON readers of 53 bits would break: kept as text until the file is rendered.
fn number(value: impl Into<u128>) -> Value {
    Value::String(format!("{NUMBER_MARK}{}", value.into()))
}

/// No text of a deployment starts like this: it is not printable.
const NUMBER_MARK: &str = "\u{1}";

/// Indented JSON with the marked integers as plain numbers.
fn render(value: &Value) -> String {
    let rendered = serde_json::to_string_pretty(value).expect("exports are plain data");
    let mut parts = rendered.split("\"\\u0001");
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        // The digits end at the closing quote, which goes too.
        let (digits, rest) = part
            .split_once('"')
            .expect("a marked integer is a closed string");
        out.push_str(digits);
        out.push_str(rest);
    }
    out
}

fn or_placeholder(address: Option<Address>, role: &str) -> Value {
    address.map_or_else(
        || Value::String(format!("{PLACEHOLDER}: {role}")),
        |address| json!(address),
    )
}

fn quorum_file(deployment: &Deployment, quorums: &[(&OperatorSet, &Quorum)]) -> Value {
    let roles = &deployment.roles;
    let weights = |set: &OperatorSet| {
        let entry = |weighted: &super::design::WeightedStrategy| json!({ "0_strategy": weighted.strategy, "1_multiplier": number(weighted.multiplier.0) });
        set.strategies.iter().map(entry).collect::<Vec<_>>()
    };
    let limits = |quorum: &Quorum| {
        json!({
            "0_maxOperatorCount": quorum.max_operators,
            "1_kickBIPsOfOperatorStake": quorum.kick_bips_of_operator_stake.0,
            "2_kickBIPsOfTotalStake": quorum.kick_bips_of_total_stake.0,
        })
    };
    let slashable = quorums
        .iter()
        .filter(|(_, quorum)| quorum.stake_type == StakeType::TotalSlashable)
        .map(|(set, quorum)| {
            json!({
                "0_quorumNumber": set.id,
                "1_lookAheadPeriod": quorum.look_ahead.0,
                "2_slasher": set.slasher,
            })
        });
    let vetoable = quorums
        .iter()
        .filter(|(set, _)| set.slash_rules.iter().any(|rule| rule.veto.0 > 0))
        .map(|(set, _)| {
            let window = set
                .slash_rules
                .iter()
                .map(|rule| rule.dispute.0.saturating_add(rule.veto.0))
                .max()
                .unwrap_or(0);
            json!({
                "0_quorumNumber": set.id,
                "1_vetoCommittee": or_placeholder(roles.veto_committee, "veto committee"),
                "2_vetoWindowBlocks": window,
            })
        });
    json!({
        "chainInfo": { "chainId": deployment.network.chain_id },
        "permissions": {
            "owner": or_placeholder(roles.owner, "owner"),
            "upgrader": or_placeholder(roles.upgrader, "upgrader"),
            "churner": or_placeholder(roles.churner, "churn approver"),
            "ejector": or_placeholder(roles.ejector, "ejector"),
            "batchConfirmer": or_placeholder(roles.confirmer, "batch confirmer"),
            "fallbackBatchConfirmer": or_placeholder(roles.confirmer, "fallback batch confirmer"),
            "deployer": or_placeholder(roles.deployer, "deployer"),
            "initalPausedStatus": 0,
        },
        "minimumStakes": quorums.iter().map(|(_, quorum)| number(quorum.minimum_stake.0)).collect::<Vec<_>>(),
        "strategyWeights": quorums.iter().map(|(set, _)| weights(set)).collect::<Vec<_>>(),
        "operatorSetParams": quorums.iter().map(|(_, quorum)| limits(quorum)).collect::<Vec<_>>(),
        "slashableStakeQuorums": slashable.collect::<Vec<_>>(),
        "vetoableSlashers": vetoable.collect::<Vec<_>>(),
        "thresholdBips": quorums.iter().map(|(_, quorum)| quorum.threshold.0).collect::<Vec<_>>(),
        "uri": deployment.metadata_uri,
    })
}

/// The calculator that weighs a set, by its number in the deployment script.
fn calculator(set: &OperatorSet) -> u8 {
    match set.curve {
        Some(Curve::Ecdsa) => 3,
        _ if weighs(set) => 1,
        _ => 0,
    }
}

/// True when strategies of the set count differently.
pub(super) fn weighs(set: &OperatorSet) -> bool {
    set.strategies
        .iter()
        .any(|weighted| multiplier_bips_nearest(weighted.multiplier) != 10_000)
}

fn v2_file(deployment: &Deployment, set: &OperatorSet) -> Value {
    let contracts = &deployment.network.contracts;
    let calculator = calculator(set);
    let mut file = json!({
        "description": format!("{}: operator set {}, {}", deployment.name, set.id, set.purpose),
        "allocationManager": contracts.allocation_manager,
        "keyRegistrar": contracts.key_registrar,
        "avsDirectory": or_placeholder(contracts.avs_directory, "AVS directory"),
        "permissionController": contracts.permission_controller,
        "proxyAdmin": "",
        "avsOwner": or_placeholder(deployment.roles.owner, "owner"),
        "metadataURI": deployment.metadata_uri,
        "registrarType": 0,
        "useProxy": true,
        "calculatorType": calculator,
        "lookaheadBlocks": set.quorum().map_or(0, |quorum| quorum.look_ahead.0),
        "strategies": set.strategies.iter().map(|weighted| weighted.strategy).collect::<Vec<_>>(),
    });
    if calculator == 1 {
        let bips = set
            .strategies
            .iter()
            .map(|weighted| number(multiplier_bips_nearest(weighted.multiplier)));
        file["multipliers"] = Value::Array(bips.collect());
    }
    file
}

fn readme(deployment: &Deployment, quorums: QuorumFile) -> String {
    let mut content = format!(
        "# {}: middleware deployment\n\n\
         Entries that start with `{PLACEHOLDER}` are not decided by the economics: put the accounts in before use, \
         or the script stops at them.\n\n",
        deployment.name
    );
    if let QuorumFile::PaidOut(set) = quorums {
        let _ = write!(
            content,
            "There is no quorums.json: set {set} pays slashed stake out, and the quorum contracts create operator sets \
             that burn it. Create the sets by `core/calls.json`, or let set {set} burn what is slashed.\n\n"
        );
    }
    if matches!(quorums, QuorumFile::Written) {
        content.push_str(
            "## quorums.json\n\n\
             Deployment of the quorum contracts (registry coordinator, stake registry). Read by a deploy script \
             with `vm.parseJson(json, \".operatorSetParams\")` and `abi.decode` into the structs of the middleware; \
             the numbers in front of keys keep the order of the fields.\n\n    \
             forge script script/deploy/YourDeployer.s.sol --rpc-url $ETH_RPC_URL --sig \"run(string)\" quorums.json\n\n\
             `slashableStakeQuorums` are the extra arguments of `createSlashableStakeQuorum`, `vetoableSlashers` those of \
             the constructor of `VetoableSlasher` (dispute and veto together), `thresholdBips` what the service itself must \
             ask of a signature: no contract of the middleware stores it.\n\n\
             The contracts create the operator sets themselves (quorum N is set N), so these files are an alternative to the \
             sets of `core/calls.json`, not an addition. Once they are deployed, `stakewright verify EXPORT --coordinator \
             ADDRESS --rpc-url URL` rehearses everything with the sets created that way, and reads the quorums back.\n\n",
        );
    }
    content.push_str(
        "## avs-set-N.json\n\n\
         Deployment of the newer middleware, one file for each operator set:\n\n    \
         CONFIG_FILE=avs-set-N.json forge script script/AVSMiddlewareDeploy.s.sol --rpc-url $ETH_RPC_URL\n\n\
         Multipliers here are basis points (10000 is once), not the 1e18 of the quorum contracts.\n\n\
         Check both after editing: `stakewright lint FILE`. No private key stands in these files.\n",
    );
    content
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_of_any_length_stand_bare() {
        let file = json!({ "a": number(u128::MAX), "b": [number(7u32), "text"], "c": "x\"y" });
        let rendered = render(&file);
        assert!(
            rendered.contains("\"a\": 340282366920938463463374607431768211455,"),
            "{rendered}"
        );
        assert!(rendered.contains("    7,\n    \"text\""), "{rendered}");
        assert!(rendered.contains(r#""c": "x\"y""#), "{rendered}");
    }
}
