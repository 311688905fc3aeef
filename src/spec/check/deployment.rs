//! Where the design is deployed: addresses with their checksum, a day that exists.

use super::context::{Check, settled};
use crate::snapshot::Address;
use crate::spec::draft;
use crate::spec::errors::ErrorKind;
use crate::spec::leaf::At;
use crate::spec::model::Deployment;

impl Check<'_> {
    pub fn deployment(&mut self, draft: Option<&draft::Deployment>) -> Option<Deployment> {
        let Some(draft) = draft else {
            return Some(Deployment::default());
        };
        let avs = self.address(draft.avs.as_ref(), "deployment.avs");
        let slasher = self.address(draft.slasher.as_ref(), "deployment.slasher");
        let registrar = self.address(draft.registrar.as_ref(), "deployment.registrar");
        let recipient = self.address(
            draft.redistribution_recipient.as_ref(),
            "deployment.redistribution_recipient",
        );
        let reward_token = self.address(draft.reward_token.as_ref(), "deployment.reward_token");
        let metadata_uri = draft
            .metadata_uri
            .as_ref()
            .map(|uri| self.name(uri, "deployment.metadata_uri"));
        let rewards_start = draft
            .rewards_start
            .as_ref()
            .map(|day| self.day(day, "deployment.rewards_start"));
        let onchain = self.onchain(draft);
        Some(Deployment {
            onchain: onchain?,
            network: draft.network.as_ref().map(|n| *n.get()).unwrap_or_default(),
            avs: avs?,
            slasher: slasher?,
            registrar: registrar?,
            metadata_uri: settled(metadata_uri)?,
            redistribution_recipient: recipient?,
            reward_token: reward_token?,
            operator_set_id: draft.operator_set_id.as_ref().map_or(0, |id| *id.get()),
            rewards_start: settled(rewards_start)?,
            signing: draft.signing.as_ref().map(|s| *s.get()),
        })
    }

    /// An address that is not the address of nobody.
    pub fn address(&mut self, given: Option<&At<String>>, key: &str) -> Option<Option<Address>> {
        let Some(given) = given else {
            return Some(None);
        };
        let fault = match given.get().trim().parse::<Address>() {
            Ok(address) if address == Address::ZERO => {
                "the zero address belongs to nobody".to_owned()
            }
            Ok(address) => return Some(Some(address)),
            Err(error) => error.to_string(),
        };
        self.report(ErrorKind::Domain, given.span(), key, fault)
            .help("write 0x and 40 hexadecimal digits, with the checksum of EIP-55 or all in lower case");
        None
    }

    fn day(&mut self, given: &At<String>, key: &str) -> Option<String> {
        let text = given.get().trim();
        // Only the full form: a date alone, in the calendar.
        let day = text
            .parse::<jiff::civil::Date>()
            .ok()
            .filter(|day| day.to_string() == text);
        if day.is_none() {
            self.report(
                ErrorKind::Domain,
                given.span(),
                key,
                format!("`{text}` is not a day"),
            )
            .help("write year, month and day: \"2027-01-04\"");
        }
        day.map(|day| day.to_string())
    }
}
