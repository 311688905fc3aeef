//! `stakewright simulate`: one design, played; and `merge`, which puts shards together.

use crate::assess::aftermath::{Aftermath, aftermath};
use crate::assess::{self, Assessment, Streamed};
use crate::cli::args::{MergeArgs, SimulateArgs};
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::load;
use crate::cli::output::Output;
use crate::cli::progress;
use crate::random::Seed;
use crate::recommend::worlds;
use crate::report::format;
use crate::run::{self, WorldsVerdict};
use crate::sim::{self, Cost, Ensemble, Progress, Record};
use crate::spec::Parameters;
use crate::spec::model::Deterrence;
use crate::tables;
use crate::units::Usd;
use serde::Serialize;
use std::fmt::Write as _;
use std::path::Path;

#[derive(Serialize)]
struct Simulated<'a> {
    parameters: &'a Parameters,
    first_path: u64,
    paths: u64,
    assessment: &'a Assessment,
    aftermath: &'a Aftermath,
    /// The same design in every model of the panel, judged with the model itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    panel: Option<WorldsVerdict>,
    #[serde(skip_serializing_if = "Option::is_none")]
    written: Option<String>,
}

/// Plays the model at one design.
pub fn simulate(args: &SimulateArgs, output: Output) -> Result<Exit, CliError> {
    let loaded = load::snapshot(args.model.play.snapshot.as_deref())?;
    let found = load::model(&args.model.model, &loaded.snapshot)?;
    let model = &found.model;
    let mut parameters = Parameters::reference(model);
    if let Some(stake) = args.stake {
        if !stake.is_finite() || stake <= 0.0 {
            return Err(CliError::usage(
                format_args!("--stake {stake} is not a stake"),
                "give million USD, such as --stake 350",
            ));
        }
        parameters = parameters.with_stake(Usd(stake * 1e6));
    }
    let play = &args.model.play;
    let range = match args.shard.as_deref() {
        None => 0..play.paths,
        Some(shard) => shard_range(shard, play.paths)?,
    };
    let cost = match model.target.deterrence {
        Deterrence::WholeStake => Cost::WholeStake,
        Deterrence::OperatorRational => Cost::OperatorRational,
    };
    let mut plan = sim::compile(model, &parameters);
    plan.costs = vec![cost];
    progress::catch_interrupt();
    let models = worlds::alternatives(model);
    let count = (range.end - range.start) * (1 + models.len() as u64);
    let bar = progress::bar("simulate", count, output.quiet);
    let finished = |paths: u64| bar.inc(paths);
    let told = Progress {
        finished: &finished,
        cancel: progress::stop_flag(),
    };
    let seed = Seed(play.seed);
    let count = range.end - range.start;
    // A file holds every path; without one, those beyond a million are counted and dropped.
    let kept = match &args.out {
        Some(_) => range.clone(),
        None => range.start..range.start + assess::kept(count),
    };
    let streaming = kept != range;
    let (ensemble, summary) = load::on_threads(play, || {
        let summary = if streaming {
            Some(sim::summarise(&plan, seed, range.clone(), &told)?)
        } else {
            None
        };
        let quiet = Progress {
            finished: &|_| {},
            cancel: progress::stop_flag(),
        };
        let told = if streaming { &quiet } else { &told };
        Some((sim::simulate(&plan, seed, kept, told)?, summary))
    })?
    .ok_or_else(CliError::interrupted)?;
    // Each model of the panel on the same numbers, for the days of the promise.
    let others: Vec<Ensemble> = models
        .iter()
        .map(|(_, other)| {
            let mut plan = sim::compile(other, &parameters);
            plan.costs = vec![cost];
            plan.days = plan.horizon_days;
            plan.fan_days = Vec::new();
            plan.record = Record::Critical;
            load::on_threads(play, || {
                sim::simulate(&plan, Seed(play.seed), range.clone(), &told)
            })?
            .ok_or_else(CliError::interrupted)
        })
        .collect::<Result<_, _>>()?;
    bar.finish_and_clear();

    let columns = ensemble.cost(cost).ok_or_else(|| {
        CliError::words(
            Exit::Bug,
            "the plan did not count the promise's cost",
            "please report this",
        )
    })?;
    let (at_most, confidence) = (model.target.at_most.get(), model.target.confidence.get());
    let assessment = match &summary {
        None => assess::assess(&ensemble, columns, at_most, confidence),
        Some(summary) => {
            let streamed = Streamed::of(&ensemble);
            assess::assess_streamed(summary, &summary.costs[0], streamed, at_most, confidence)
        }
    };
    let aftermath = load::on_threads(play, || aftermath(model, &parameters, &ensemble, columns))?;
    let mut table = run::ensemble_columns(&ensemble, model);
    table.extend(run::world_columns(&others, cost));
    let mut promise = run::promise_metadata(model, cost);
    promise.push(("stake_usd", parameters.stake.get().to_string()));
    if let Some(path) = &args.out {
        write(path, &table, &promise, play.seed, &found, &loaded)?;
    }
    let panel = (!models.is_empty())
        .then(|| run::judge_table(&in_memory(table, &promise)))
        .flatten();
    let simulated = Simulated {
        parameters: &parameters,
        first_path: range.start,
        paths: count,
        assessment: &assessment,
        aftermath: &aftermath,
        panel,
        written: args.out.as_ref().map(|path| path.display().to_string()),
    };
    output.answer(
        "simulate",
        Some(play.seed),
        Some(&loaded.stamp),
        &simulated,
        || {
            let mut text = describe(&parameters, &assessment, &aftermath);
            if let Some(panel) = &simulated.panel {
                text += &worlds_text(panel);
            }
            text
        },
    )?;
    Ok(Exit::Ok)
}

fn write(
    path: &Path,
    columns: &[(String, tables::Column)],
    promise: &[(&'static str, String)],
    seed: u64,
    found: &load::LoadedModel,
    loaded: &load::Loaded,
) -> Result<(), CliError> {
    let named = columns
        .iter()
        .map(|(name, column)| (name.as_str(), column.clone()))
        .collect();
    let meta = [
        ("program", "stakewright".to_owned()),
        ("version", env!("CARGO_PKG_VERSION").to_owned()),
        ("command_seed", seed.to_string()),
        ("model_sha256", found.sha256.clone()),
        ("snapshot_sha256", loaded.stamp.content_sha256.clone()),
    ];
    let meta: Vec<(&str, String)> = meta.into_iter().chain(promise.iter().cloned()).collect();
    tables::write_columns(path, named, &meta)
        .map_err(|error| CliError::new(Exit::Data, &error, "choose a place that can be written"))
}

/// A table as it would be read back.
fn in_memory(columns: Vec<(String, tables::Column)>, promise: &[(&str, String)]) -> tables::Table {
    tables::Table {
        columns,
        metadata: promise
            .iter()
            .map(|(key, value)| ((*key).to_owned(), value.clone()))
            .collect(),
    }
}

/// One line for each world, and the verdict over all.
fn worlds_text(judged: &WorldsVerdict) -> String {
    let mut text = format!(
        "\n  insecure paths of {}, and the risk at most with {} confidence\n",
        format::whole(judged.paths),
        format::share(judged.confidence)
    );
    for world in &judged.worlds {
        let name: String = world.name.chars().take(34).collect();
        let _ = writeln!(
            text,
            "  {name:<36} {:>8}  {:<10} {}",
            format::whole(world.failures),
            format::probability(world.at_most),
            world.verdict.word()
        );
    }
    let needed = match judged.verdict {
        assess::Verdict::Undecided {
            paths_needed: Some(paths),
        } => format!(": {} paths would decide", format::whole(paths)),
        _ => String::new(),
    };
    let _ = writeln!(
        text,
        "  {:<36} {}{needed}",
        if judged.worlds.len() > 1 {
            "verdict in all models"
        } else {
            "verdict"
        },
        judged.verdict.word()
    );
    text
}

/// The paths of part `k` of `n`: nearly equal parts that follow each other.
fn shard_range(text: &str, paths: u64) -> Result<std::ops::Range<u64>, CliError> {
    let wrong = || {
        CliError::usage(
            format_args!("--shard {text} is not a part"),
            "write k/n with 1 ≤ k ≤ n, such as --shard 2/4",
        )
    };
    let (k, n) = text.split_once('/').ok_or_else(wrong)?;
    let k: u64 = k.trim().parse().map_err(|_| wrong())?;
    let n: u64 = n.trim().parse().map_err(|_| wrong())?;
    if k == 0 || n == 0 || k > n || n > paths {
        return Err(wrong());
    }
    let edge = |part: u64| (u128::from(paths) * u128::from(part) / u128::from(n)) as u64;
    Ok(edge(k - 1)..edge(k))
}

fn describe(parameters: &Parameters, assessment: &Assessment, aftermath: &Aftermath) -> String {
    let estimate = |measure: &assess::Measure, write: fn(f64) -> String| {
        format!(
            "{} ({}–{})",
            write(measure.estimate.value),
            write(measure.estimate.low),
            write(measure.estimate.high)
        )
    };
    let mut text = String::new();
    let mut line = |label: &str, value: String| {
        let _ = writeln!(text, "  {label:<36} {value}");
    };
    line("slashable stake", format::usd(parameters.stake.get()));
    line("paths", format::whole(assessment.paths));
    if aftermath.paths < assessment.paths {
        let of = format!("of the first {}", format::whole(aftermath.paths));
        line("users, stakers and incidents", of);
    }
    line(
        &format!("insecure within {} days", assessment.horizon_days),
        estimate(&assessment.insecure, format::probability),
    );
    line(
        &format!("insecure within {} days", assessment.days),
        estimate(&assessment.insecure_all_days, format::probability),
    );
    line(
        "attacked within the horizon",
        estimate(&assessment.attacked, format::probability),
    );
    line(
        "expected loss, all days",
        estimate(&assessment.expected_loss_all_days, format::usd),
    );
    line(
        "loss on the worst 1 % of paths",
        estimate(&assessment.tail_loss, format::usd),
    );
    line(
        "days under water",
        estimate(&assessment.days_insecure, format::days),
    );
    line(
        "users not paid, all days",
        estimate(&aftermath.uninsured, format::usd),
    );
    line(
        "users not paid, worst 1 % of paths",
        estimate(&aftermath.uninsured_tail, format::usd),
    );
    line(
        "stakers lose to accidents, a year",
        estimate(&aftermath.honest.loss_rate, format::share),
    );
    line(
        "stakers lose to accidents, worst 1 %",
        estimate(&aftermath.honest.tail_share, format::share),
    );
    if let Some(found) = &aftermath.if_it_happens {
        line(
            "if it happens: attackers slashed",
            estimate(&found.slashed, format::share),
        );
        line(
            "if it happens: harm paid back",
            estimate(&found.paid_share, format::share),
        );
    }
    line("verdict", assessment.verdict.word().to_owned());
    text
}

/// Puts the shards of a simulation together: the same rows as one run, and the verdict that no
/// single shard can give, over every model that they were played in.
pub fn merge(args: &MergeArgs, output: Output) -> Result<Exit, CliError> {
    let merged = run::merge_ensembles(&args.shards).map_err(|error| {
        CliError::new(
            Exit::Data,
            &error,
            "give every shard of one `simulate --shard`, each once",
        )
    })?;
    let named = merged
        .columns
        .iter()
        .map(|(name, column)| (name.as_str(), column.clone()))
        .collect();
    let meta: Vec<(&str, String)> = merged
        .metadata
        .iter()
        .map(|(key, value)| (key.as_str(), value.clone()))
        .collect();
    tables::write_columns(&args.out, named, &meta)
        .map_err(|error| CliError::new(Exit::Data, &error, "choose a place that can be written"))?;
    #[derive(Serialize)]
    struct Merged {
        paths: usize,
        written: String,
        /// None where the shards do not say what was promised.
        #[serde(skip_serializing_if = "Option::is_none")]
        judged: Option<WorldsVerdict>,
    }
    let answer = Merged {
        paths: merged.rows(),
        written: args.out.display().to_string(),
        judged: run::judge_table(&merged),
    };
    output.answer("merge", None, None, &answer, || {
        let wrote = format!("wrote {} paths to {}\n", answer.paths, answer.written);
        answer.judged.as_ref().map_or(wrote.clone(), |judged| {
            format!("{wrote}{}", worlds_text(judged))
        })
    })?;
    Ok(Exit::Ok)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shards_cover_every_path_once() {
        for (paths, n) in [(10_u64, 3_u64), (1_000_003, 7), (5, 5)] {
            let mut next = 0;
            for k in 1..=n {
                let range = shard_range(&format!("{k}/{n}"), paths).expect("a part");
                assert_eq!(range.start, next);
                next = range.end;
            }
            assert_eq!(next, paths);
        }
        for wrong in ["0/3", "4/3", "3", "a/b", "1/0", "-1/2"] {
            assert!(shard_range(wrong, 100).is_err(), "{wrong}");
        }
    }
}
