//! Target `safe`: a batch for the Safe Transaction Builder, with the checksum that its import verifies.

use super::address::{hex, keccak256};
use serde_json::{Map, Value};

#[cfg(feature = "chain")]
pub(super) use files::files;

/// The checksum of a batch: the hash of its content with keys sorted, without its name.
///
/// The rule is that of the Safe Transaction Builder (`apps/tx-builder/src/lib/checksum.ts`).
#[must_use]
pub fn checksum(batch: &Value) -> String {
    let mut batch = batch.clone();
    if let Some(meta) = batch.get_mut("meta").and_then(Value::as_object_mut) {
        meta.remove("checksum");
        meta.insert("name".into(), Value::Null);
    }
    let mut canonical = String::new();
    serialise(&batch, &mut canonical);
    format!("0x{}", hex(&keccak256(canonical.as_bytes())))
}

/// The builder's own serialisation: sorted keys as an array of strings, then the values.
fn serialise(value: &Value, out: &mut String) {
    match value {
        Value::Array(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                serialise(item, out);
            }
            out.push(']');
        }
        Value::Object(map) => serialise_object(map, out),
        plain => out.push_str(&plain.to_string()),
    }
}

fn serialise_object(map: &Map<String, Value>, out: &mut String) {
    let mut keys: Vec<_> = map.keys().collect();
    keys.sort();
    out.push('{');
    out.push_str(&serde_json::to_string(&keys).expect("keys are strings"));
    for key in keys {
        serialise(&map[key], out);
        out.push(',');
    }
    out.push('}');
}

#[cfg(feature = "chain")]
mod files {
    use super::super::abi::encode;
    use super::super::address::{Address, hex};
    use super::super::design::Deployment;
    use super::super::plan::{Phase, Step, plan};
    use super::super::{Artifact, ExportError, json, text};
    use super::checksum;
    use serde_json::{Value, json as value};

    pub(in crate::export) fn files(
        deployment: &Deployment,
        avs: Address,
    ) -> Result<Vec<Artifact>, ExportError> {
        let steps = plan(deployment, avs);
        let sender = deployment.admin.unwrap_or(avs);
        let mut files = Vec::new();
        let setup: Vec<_> = steps
            .iter()
            .filter(|step| step.phase == Phase::Setup)
            .collect();
        files.push(json("safe/batch.json", &batch(deployment, sender, &setup)?));
        // A batch has one sender: each owner of stake tables gets one of its own.
        let mut later: Vec<(Address, Vec<&Step>)> = Vec::new();
        for step in steps
            .iter()
            .filter(|step| step.phase == Phase::AfterTransport)
        {
            match later.iter_mut().find(|(owner, _)| *owner == step.call.from) {
                Some((_, of_owner)) => of_owner.push(step),
                None => later.push((step.call.from, vec![step])),
            }
        }
        let mut second = Vec::new();
        for (index, (owner, of_owner)) in later.iter().enumerate() {
            let name = match index {
                0 => "batch-after-transport.json".to_owned(),
                more => format!("batch-after-transport-{}.json", more + 1),
            };
            let content = batch(deployment, *owner, of_owner)?;
            files.push(json(format!("safe/{name}"), &content));
            second.push((name, *owner));
        }
        files.push(text("safe/README.md", &readme(deployment, sender, &second)));
        Ok(files)
    }

    fn batch(
        deployment: &Deployment,
        sender: Address,
        steps: &[&Step],
    ) -> Result<Value, ExportError> {
        let transaction = |step: &&Step| -> Result<Value, ExportError> {
            Ok(value!({
                "to": step.call.to,
                "value": "0",
                "data": format!("0x{}", hex(&encode(&step.call.action)?)),
                "contractMethod": null,
                "contractInputsValues": null,
            }))
        };
        let mut batch = value!({
            "version": "1.0",
            "chainId": deployment.network.chain_id.to_string(),
            "createdAt": deployment.as_of.0 * 1000,
            "meta": {
                "name": deployment.name,
                "description": format!("stakewright: {} calls for {}", steps.len(), deployment.network.name),
                "txBuilderVersion": "1.17.1",
                "createdFromSafeAddress": sender,
                "createdFromOwnerAddress": "",
            },
            "transactions": steps.iter().map(transaction).collect::<Result<Vec<_>, _>>()?,
        });
        let checksum = checksum(&batch);
        batch["meta"]["checksum"] = Value::String(checksum);
        Ok(batch)
    }

    fn readme(deployment: &Deployment, sender: Address, later: &[(String, Address)]) -> String {
        let of_owner = |(name, owner): &(String, Address)| {
            format!(
                "\n`{name}` configures the task mailbox. It is sent by {owner}, the owner of the stake table, and only \
                 after the table has arrived there (up to a week on mainnet); before that, or from another account, it \
                 answers InvalidOperatorSetOwner.\n"
            )
        };
        let second: String = later.iter().map(of_owner).collect();
        format!(
            "# {}: Safe batch for {}\n\n\
         Open the Safe {sender}, app Transaction Builder, and load `batch.json` by *drag and drop*; the builder \
         checks the checksum in it. Simulate there or with `stakewright verify safe/batch.json --rpc-url $ETH_RPC_URL`, \
         then let the owners sign.\n\n\
         The Safe must be the AVS or an accepted admin of it, or every call answers InvalidPermissions.\n{second}",
            deployment.name, deployment.network.name,
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_checksum_is_the_builders_own() {
        // The expected hash was computed with the builder's serialisation in JavaScript.
        let mut batch = json!({
            "version": "1.0", "chainId": "1", "createdAt": 1_795_432_000_000u64,
            "meta": {
                "name": "any name", "description": "two \"calls\"\n and a ü", "txBuilderVersion": "1.17.1",
                "createdFromSafeAddress": "0x4141414141414141414141414141414141414141",
                "createdFromOwnerAddress": "",
            },
            "transactions": [
                {
                    "to": "0x948a420b8CC1d6BFd0B6087C2E7c344a2CD0bc39", "value": "0", "data": "0xa9821821",
                    "contractMethod": null, "contractInputsValues": null,
                },
                {
                    "to": "0x948a420b8CC1d6BFd0B6087C2E7c344a2CD0bc39", "value": "0", "data": null,
                    "contractMethod": { "inputs": [], "name": "f", "payable": false }, "contractInputsValues": {},
                },
            ],
        });
        let expected = "0xa60972a13426909407c07f191e71c8543b69cdee99ab8a248b239064454d2894";
        assert_eq!(checksum(&batch), expected);
        batch["meta"]["name"] = json!("another name");
        assert_eq!(
            checksum(&batch),
            expected,
            "the name may be changed by the user"
        );
        batch["transactions"][0]["value"] = json!("1");
        assert_ne!(checksum(&batch), expected);
    }
}
