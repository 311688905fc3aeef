//! Target `hourglass`: the context file of the task framework, and what it cannot say beside it.

use super::design::{Deployment, OperatorSet, RewardsKind};
use super::lint::LintFinding;
use super::plan::curve_number;
use super::{Artifact, ExportError, json, text};
use serde_json::{Value, json};

pub(super) fn files(deployment: &Deployment) -> Result<Vec<Artifact>, ExportError> {
    let (aggregator, executor) =
        roles(deployment).map_err(|finding| ExportError::Refused(vec![*finding]))?;
    let file = match deployment.network.name.as_str() {
        "mainnet" => "mainnet",
        "sepolia" | "hoodi" => "testnet",
        _ => "devnet",
    };
    Ok(vec![
        text(
            format!("hourglass/context/{file}.yaml"),
            &context(deployment, aggregator, executor),
        ),
        json(
            "hourglass/not-in-context.json",
            &left_out(deployment, executor),
        ),
        text("hourglass/README.md", &readme(deployment, file)),
    ])
}

/// The set that aggregates and the set that executes: the latter has a mailbox.
fn roles(deployment: &Deployment) -> Result<(&OperatorSet, &OperatorSet), Box<LintFinding>> {
    let refused = |wrong: &str, right: &str| {
        Box::new(LintFinding::new(
            "executor-sets",
            "operator_sets",
            wrong,
            right,
        ))
    };
    let executor = deployment
        .operator_sets
        .iter()
        .find(|set| set.mailbox.is_some())
        .ok_or_else(|| {
            refused(
                "no operator set executes tasks",
                "give one a mailbox, or export to core, which has no tasks",
            )
        })?;
    let aggregator = deployment
        .operator_sets
        .iter()
        .find(|set| set.mailbox.is_none() && set.curve.is_some())
        .ok_or_else(|| {
            refused(
                "no operator set aggregates",
                "add a set with a kind of key and without a mailbox: it may hold one operator",
            )
        })?;
    Ok((aggregator, executor))
}

fn context(deployment: &Deployment, aggregator: &OperatorSet, executor: &OperatorSet) -> String {
    let mut yaml = format!(
        "# {}: operator sets and task time; operators and images are yours to add.\noperatorSets:\n",
        deployment.name.replace('\n', " "),
    );
    for set in [aggregator, executor] {
        let curve = if set.curve.map_or(0, curve_number) == 2 {
            "BN254"
        } else {
            "ECDSA"
        };
        yaml.push_str(&format!(
            "  - id: {}\n    curve_type: \"{curve}\"\n    strategies:\n",
            set.id
        ));
        for weighted in &set.strategies {
            yaml.push_str(&format!("      - \"{}\"\n", weighted.strategy));
        }
    }
    yaml.push_str(&format!(
        "aggregator:\n  operatorSetId: {}\n  operators: []\n",
        aggregator.id
    ));
    yaml.push_str(&format!(
        "executor:\n  operatorSetId: {}\n  operators: []\n",
        executor.id
    ));
    let sla = executor
        .mailbox
        .as_ref()
        .map_or(0, |mailbox| mailbox.task_sla.0);
    yaml.push_str(&format!("mailbox:\n  taskSla: {sla}\n"));
    yaml
}

/// Every decided parameter for which the context file has no key, and what carries it instead.
fn left_out(deployment: &Deployment, executor: &OperatorSet) -> Value {
    let mut entries = Vec::new();
    let mut entry = |parameter: String, value: Value, instead: &str| {
        entries.push(json!({ "parameter": parameter, "value": value, "instead": instead }));
    };
    for (index, set) in deployment.operator_sets.iter().enumerate() {
        let place = format!("operator_sets/{index}");
        entry(
            format!("{place}/slasher"),
            json!(set.slasher),
            "target core: createOperatorSets",
        );
        if let Some(allocation) = &set.asked_allocation {
            let to =
                "each operator: modifyAllocations (allocation_in_wads in devkit's own context)";
            entry(format!("{place}/asked_allocation"), json!(allocation), to);
        }
        if let Some(recipient) = set.redistribution_recipient {
            let call = "target core: createRedistributingOperatorSets";
            entry(
                format!("{place}/redistribution_recipient"),
                json!(recipient),
                call,
            );
        }
        for (rule, slash) in set.slash_rules.iter().enumerate() {
            let to = "the slasher contract: no YAML key and no call carries it";
            entry(format!("{place}/slash_rules/{rule}"), json!(slash), to);
        }
        if let Some(quorum) = &set.quorum {
            let to = "the registrar and the certificate check of the service; target middleware for quorums";
            entry(format!("{place}/quorum"), json!(quorum), to);
        }
        let weighted = set
            .strategies
            .iter()
            .filter(|weighted| weighted.multiplier.0 != 10u128.pow(18));
        for weighted in weighted {
            let to = "a weighted table calculator: target middleware";
            entry(
                format!("{place}/strategies/{}", weighted.strategy),
                json!(weighted.multiplier),
                to,
            );
        }
        if let Some(table) = &set.stake_table {
            entry(
                format!("{place}/stake_table"),
                json!(table),
                "target core: createGenerationReservation",
            );
        }
    }
    if let Some(mailbox) = &executor.mailbox {
        let to = "target core: setExecutorOperatorSetTaskConfig (the template's own script asks for 100 %, which one absent operator stops)";
        entry("mailbox/threshold".into(), json!(mailbox.threshold), to);
    }
    for (index, submission) in deployment.rewards.iter().enumerate() {
        let kind = match submission.kind {
            RewardsKind::UniqueStake { .. } => "unique stake",
            RewardsKind::TotalStake { .. } => "total stake",
            RewardsKind::OperatorDirected { .. } => "operator directed",
        };
        entry(
            format!("rewards/{index}"),
            json!(submission),
            &format!("target core: rewards submission by {kind}"),
        );
    }
    json!({ "format": "stakewright-not-in-context/1", "parameters": entries })
}

fn readme(deployment: &Deployment, file: &str) -> String {
    format!(
        "# {}: Hourglass context\n\n\
         Copy `context/{file}.yaml` to `.hourglass/context/{file}.yaml` of your project and add operators and images; \
         `devkit avs` reads it. The address of the AVS and private keys belong to devkit's own context, never to this file.\n\n\
         The file has keys for sets, strategies, kinds of key and the task time only. Everything else that was decided is in \
         `not-in-context.json`, each with the call or contract that carries it.\n\n\
         Check after editing: `stakewright lint context/{file}.yaml`.\n",
        deployment.name
    )
}
