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
use crate::report::format;
use crate::run;
use crate::sim::{self, Cost, Progress};
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
    let bar = progress::bar("simulate", range.end - range.start, output.quiet);
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
    if let Some(path) = &args.out {
        write(
            path,
            &run::ensemble_columns(&ensemble, model),
            play.seed,
            &found,
            &loaded,
        )?;
    }
    let simulated = Simulated {
        parameters: &parameters,
        first_path: range.start,
        paths: count,
        assessment: &assessment,
        aftermath: &aftermath,
        written: args.out.as_ref().map(|path| path.display().to_string()),
    };
    output.answer(
        "simulate",
        Some(play.seed),
        Some(&loaded.stamp),
        &simulated,
        || describe(&parameters, &assessment, &aftermath),
    )?;
    Ok(Exit::Ok)
}

fn write(
    path: &Path,
    columns: &[(String, tables::Column)],
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
    tables::write_columns(path, named, &meta)
        .map_err(|error| CliError::new(Exit::Data, &error, "choose a place that can be written"))
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

/// Puts the shards of a simulation together: the same rows as one run.
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
    }
    let answer = Merged {
        paths: merged.rows(),
        written: args.out.display().to_string(),
    };
    output.answer("merge", None, None, &answer, || {
        format!("wrote {} paths to {}", answer.paths, answer.written)
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
