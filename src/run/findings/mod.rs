//! A recommendation, as a report tells it.
//!
//! No economics here: every number comes out of the recommendation, its ensemble or the model.
//! What this module decides is which of them a reader meets, under which name, beside which note.

mod aftermath;
mod collateral;
mod figures;
mod growth;
mod headline;
mod participation;
mod relaxations;
mod rules;
mod studies;
mod variants;
mod words;
mod worlds;

use super::manifest::SnapshotStamp;
use crate::recommend::Recommendation;
use crate::report::findings::{
    Assumption, ConfigEntry, Findings, MeasuredRisk, OperatorRow, Operators, Output, Promise,
    Provenance, Verdict,
};
use crate::sim::Ensemble;
use crate::snapshot::Snapshot;
use crate::spec::model::{Model, Structure};
use crate::spec::{self};

/// Operators that the table names.
const TOP_OPERATORS: usize = 15;

/// All that a report is told from.
pub struct Subject<'a> {
    /// The model.
    pub model: &'a Model,
    /// Its file, as named on the command line.
    pub model_file: &'a str,
    /// SHA-256 of the file's text.
    pub model_sha256: &'a str,
    /// The snapshot.
    pub snapshot: &'a Snapshot,
    /// How to cite it.
    pub stamp: &'a SnapshotStamp,
    /// The answer.
    pub recommendation: &'a Recommendation,
    /// The certified design, played over all days.
    pub ensemble: &'a Ensemble,
    /// Seed, as the command line takes it.
    pub seed: u64,
    /// Command that repeats the run.
    pub command: &'a str,
    /// The recommended parameters as contract integers.
    pub config: Vec<ConfigEntry>,
    /// What the run writes.
    pub outputs: Vec<Output>,
}

/// Fills the report's view.
#[must_use]
pub fn findings(subject: &Subject) -> Findings {
    let Subject {
        model,
        recommendation,
        ..
    } = subject;
    let used = assumptions(model);
    let compared = variants::Compared::of(subject);
    Findings {
        format: crate::report::findings::FORMAT,
        title: model.service.name.clone(),
        question: words::question(subject),
        verdict: verdict(recommendation),
        promise: promise(recommendation),
        footing: Some(relaxations::footing(subject)),
        headline: headline::rows(subject),
        changes: words::changes(subject)
            .into_iter()
            .chain(collateral::changes(subject))
            .collect(),
        binds: words::binds(recommendation),
        breaks_first: words::breaks_first(recommendation),
        lowest_coc: compared.lowest_coc(subject),
        variants: compared.variants(subject),
        slash_rules: rules::slash_rules(subject)
            .into_iter()
            .chain(participation::rule(subject, &compared))
            .collect(),
        operators: operators(subject),
        figures: figures::data(subject),
        tables: studies::tables(subject)
            .into_iter()
            .chain(compared.tables(subject))
            .chain(collateral::tables(subject))
            .chain(aftermath::tables(subject))
            .chain(growth::details(subject))
            .chain(participation::tables(subject, &compared))
            .collect(),
        growth: growth::tables(subject),
        config: subject.config.clone(),
        method: words::method(subject),
        assumptions: used,
        provenance: provenance(subject),
        warnings: words::warnings(subject)
            .into_iter()
            .chain(participation::warnings(subject, &compared))
            .chain(compared.joint_warning(subject))
            .chain(variants::paying_slashes(subject.model))
            .collect(),
        outputs: subject.outputs.clone(),
    }
}

fn verdict(recommendation: &Recommendation) -> Verdict {
    if let Some(infeasible) = &recommendation.infeasible {
        return Verdict::Infeasible {
            reason: words::infeasible(infeasible, &recommendation.relaxations),
        };
    }
    match recommendation.verdict {
        crate::assess::Verdict::Safe => Verdict::Safe,
        crate::assess::Verdict::Unsafe => Verdict::Unsafe,
        crate::assess::Verdict::Undecided { .. } => Verdict::Undecided,
    }
}

fn promise(recommendation: &Recommendation) -> Promise {
    let certificate = &recommendation.certificate;
    Promise {
        horizon_days: recommendation.promise.within_days,
        at_most: recommendation.promise.at_most,
        confidence: recommendation.promise.confidence,
        measured: (certificate.paths > 0).then_some(MeasuredRisk {
            insecure_paths: certificate.failures,
            paths: certificate.paths,
            low: certificate.at_least,
            high: certificate.at_most,
            paths_to_decide: match recommendation.verdict {
                crate::assess::Verdict::Undecided { paths_needed } => paths_needed,
                _ => None,
            },
            weighted: certificate.weighted.as_ref().map(words::weighted),
        }),
    }
}

/// The admitted operators at the recommended design, largest first.
fn operators(subject: &Subject) -> Operators {
    let Subject {
        model,
        recommendation,
        ..
    } = subject;
    let Structure::Entities(list) = &model.operators.structure else {
        return Operators {
            operators: 0,
            entities: 0,
            top: Vec::new(),
            note: "The stake is pooled: no operators are named, and an attacker can hold exactly the threshold."
                .to_owned(),
        };
    };
    let admitted = recommendation.parameters.admitted(model);
    let total: f64 = admitted.iter().map(|operator| operator.stake.get()).sum();
    let mut entities: Vec<usize> = admitted.iter().map(|operator| operator.entity).collect();
    entities.sort_unstable();
    entities.dedup();
    let top = admitted
        .iter()
        .take(TOP_OPERATORS)
        .map(|operator| {
            let known = &list[operator.operator];
            OperatorRow {
                name: known.label.clone(),
                entity: model
                    .operators
                    .entities
                    .get(operator.entity)
                    .cloned()
                    .unwrap_or_default(),
                stake_usd: operator.stake.get(),
                share: if total > 0.0 {
                    operator.stake.get() / total
                } else {
                    0.0
                },
                reconstructed: known.reconstructed,
            }
        })
        .collect();
    let note = if subject.stamp.reconstructed {
        "Memberships and totals per service and asset are facts; the stake of single operators is \
         reconstructed as the largest-entropy solution that reproduces all of them."
            .to_owned()
    } else {
        String::new()
    };
    Operators {
        operators: admitted.len() as u64,
        entities: entities.len() as u64,
        top,
        note,
    }
}

fn assumptions(model: &Model) -> Vec<Assumption> {
    model
        .assumptions
        .iter()
        .map(|used| {
            let known = spec::assumption(used.id);
            Assumption {
                id: used.id.to_owned(),
                statement: format!("{} Taken: {}.", known.statement, used.value),
                source: known.reason.to_owned(),
                used_in: format!("set `{}` to replace it", used.key),
            }
        })
        .collect()
}

fn provenance(subject: &Subject) -> Provenance {
    let manifest = &subject.snapshot.manifest;
    Provenance {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        model: subject.model_file.to_owned(),
        model_hash: subject.model_sha256.to_owned(),
        snapshot: format!(
            "{} · {} operators, {} services",
            manifest.label,
            subject.snapshot.operators.len(),
            subject.snapshot.avss.len()
        ),
        snapshot_hash: subject.stamp.content_sha256.clone(),
        reconstructed: if subject.stamp.reconstructed {
            "stake of single operators (largest entropy under 40 × 20 totals and all memberships)"
                .to_owned()
        } else {
            String::new()
        },
        seed: subject.seed.to_string(),
        paths: subject.recommendation.certificate.paths,
        horizon_days: subject.model.target.insecure_within.get().ceil() as u64,
        all_days_paths: subject.ensemble.paths as u64,
        days: u64::from(subject.model.simulation.days),
        wall_seconds: None,
        command: subject.command.to_owned(),
    }
}
