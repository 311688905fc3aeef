//! Draft to model: every value read in its unit, every name resolved, every contradiction found.
//!
//! Nothing stops at the first fault. A part that cannot be read is `None` and its reason is noted;
//! only when no fault is noted is there a model.

mod aftermath;
mod attacker;
mod bounds;
mod class;
mod collateral;
mod context;
mod correlation;
mod csv;
mod deployment;
mod elsewhere;
mod holdings;
mod liquidity;
mod market;
mod onchain;
mod operators;
pub(super) mod panel;
mod reach;
mod sense;
mod slashing;
mod stages;
mod statistics;
mod terms;
mod value;

use super::errors::{ErrorKind, SpecErrors};
use super::model::{Model, Service};
use super::read::Draft;
use super::{draft, shape};
use crate::snapshot::Snapshot;
use context::Check;
use std::path::Path;

/// Version of the model file's format that this program reads.
pub const FORMAT: u32 = 1;

/// Longest file that a model may name, bytes.
const FILE_LIMIT: u64 = 16 << 20;

impl Draft {
    /// Checks the draft against a snapshot, reading the files that it names.
    ///
    /// # Errors
    /// All faults of shape and meaning, at once.
    pub fn check(&self, snapshot: &Snapshot) -> Result<Model, SpecErrors> {
        self.check_with(snapshot, &read_file)
    }

    /// The same with files from elsewhere: `read` gives the text of a path.
    ///
    /// # Errors
    /// As [`Self::check`].
    pub fn check_with(
        &self,
        snapshot: &Snapshot,
        read: &dyn Fn(&Path) -> std::io::Result<String>,
    ) -> Result<Model, SpecErrors> {
        let mut check = Check::new(self, snapshot, read);
        let model = check.model();
        match model {
            Some(model) if check.errors.is_empty() => Ok(model),
            _ => {
                assert!(
                    !check.errors.is_empty(),
                    "{}: a part is missing and no fault is noted",
                    self.file.name()
                );
                Err(SpecErrors::new(self.file.name(), check.errors))
            }
        }
    }
}

fn read_file(path: &Path) -> std::io::Result<String> {
    let length = std::fs::metadata(path)?.len();
    if length > FILE_LIMIT {
        return Err(std::io::Error::other(format!(
            "{length} bytes, and {FILE_LIMIT} are the most"
        )));
    }
    std::fs::read_to_string(path)
}

impl Check<'_> {
    fn model(&mut self) -> Option<Model> {
        let document = &self.draft.document;
        let format = self.format(document);
        let service = document.service.get().and_then(|s| self.service(s));
        // Names and prices first: other parts refer to them.
        self.note_own_token(document.market.as_ref());
        let verification = document
            .service
            .get()
            .and_then(|s| s.verification.get())
            .map(|v| *v.get());
        let mut slashing = document
            .slashing
            .get()
            .and_then(|s| self.slashing(s, verification));
        let value = document.value.get().and_then(|v| self.value(v));
        let holdings = document.operators.get().and_then(|o| self.holdings(o));
        let held = holdings.as_ref().map(|h| h.classes.clone());
        let market = self.market(
            document.market.as_ref(),
            document.value.get(),
            held.as_deref(),
        );
        let alternatives = market.as_ref().map(|market| {
            self.alternatives(
                document.market.as_ref(),
                document.value.get(),
                held.as_deref(),
                market,
            )
        });
        let operators = match (document.operators.get(), holdings) {
            (Some(operators), holdings) => self.operators(operators, holdings),
            (None, _) => None,
        };
        let slashable = operators
            .as_ref()
            .zip(market.as_ref())
            .map(|(o, m)| operators::slashable_usd(o, m));
        let rewards = document.rewards.get().and_then(|r| self.rewards(r));
        let supply = self.supply(document.supply.as_ref(), slashable);
        let faults = self.faults(document.faults.as_ref());
        let incident = self.incident(document.incident.as_ref());
        let target = document.target.get().and_then(|t| self.target(t));
        let simulation = self.simulation(document.simulation.as_ref(), target.as_ref());
        if let (Some(market), Some(value), Some(slashing), Some(simulation)) =
            (&market, &value, &slashing, &simulation)
        {
            self.within_reach(market, value, slashing, simulation.days);
        }
        let insurance = self.insurance(document.insurance.as_ref());
        let deployment = self.deployment(document.deployment.as_ref());
        let uncertainty = self.uncertainty(document.uncertainty.as_ref());
        let by_asset = self.slash_by_asset(&mut slashing, held.as_deref());
        self.forbid_redistribution(held.as_deref());
        self.forbid_recipient(held.as_deref());
        let rest = value
            .as_ref()
            .zip(operators.as_ref())
            .zip(rewards.as_ref().zip(slashing.as_ref()))
            .zip(deployment.as_ref())
            .map(
                |(((value, operators), (rewards, slashing)), deployment)| stages::Rest {
                    value: &value.at_risk,
                    budget: rewards.budget,
                    threshold: operators.threshold,
                    paid_in: &rewards.paid_in,
                    operator_split: rewards.operator_split,
                    deployment,
                    offences: &slashing.offences,
                },
            );
        let schedule = self.schedule(rest);
        let mut model = Model {
            format: format?,
            service: service?,
            operators: operators?,
            market: market?,
            alternatives: alternatives?,
            value: value?,
            slashing: slashing?,
            rewards: rewards?,
            supply: supply?,
            faults: faults?,
            incident: incident?,
            target: target?,
            simulation: simulation?,
            uncertainty: uncertainty?,
            panel: Vec::new(),
            insurance: insurance?,
            deployment: deployment?,
            schedule,
            assumptions: std::mem::take(&mut self.assumptions),
        };
        by_asset?;
        self.elsewhere_operators(&mut model);
        self.weights_fit(&model);
        self.bounds(&model);
        self.makes_sense(&model);
        self.spreads_fit(&model);
        model.panel = self.panel(&model)?;
        self.estimator_fits(&model);
        Some(model)
    }

    fn format(&mut self, document: &draft::Document) -> Option<u32> {
        let format = document.format.get()?;
        if *format.get() == FORMAT {
            return Some(FORMAT);
        }
        let message = format!("format {} is not known to this program", format.get());
        self.report(ErrorKind::Format, format.span(), "format", message)
            .help = Some(format!("this version reads format {FORMAT}"));
        None
    }

    fn service(&mut self, service: &draft::Service) -> Option<Service> {
        let name = service
            .name
            .get()
            .and_then(|name| self.name(name, "service.name"));
        let text = |at: &Option<super::leaf::At<String>>| {
            at.as_ref()
                .map_or_else(String::new, |t| t.get().trim().to_owned())
        };
        Some(Service {
            name: name?,
            kind: text(&service.kind),
            description: text(&service.description),
            verification: *service.verification.get()?.get(),
        })
    }

    /// A name: a text with something in it.
    fn name(&mut self, name: &super::leaf::At<String>, key: &str) -> Option<String> {
        let text = name.get().trim();
        if !text.is_empty() {
            return Some(text.to_owned());
        }
        self.report(
            ErrorKind::Empty,
            name.span(),
            key,
            format!("`{}` is empty", shape::last(key)),
        )
        .help = Some("write a name that readers know".into());
        None
    }
}
