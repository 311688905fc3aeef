//! `stakewright compare`: designs side by side on the same random numbers.

use super::study::describe;
use crate::assess::Measure;
use crate::cli::args::{CompareArgs, ComparedDesign};
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::load::{self, LoadedModel};
use crate::cli::output::Output;
use crate::cli::progress;
use crate::random::Seed;
use crate::recommend::compare::{Compared, Comparison, Entry, compare as play};
use crate::recommend::{Search, design_of, paths_for};
use crate::report::findings::Unit;
use crate::report::format;
use crate::spec::Parameters;
use std::fmt::Write as _;
use std::path::Path;

/// Plays the files' designs on one seed and prints how they differ.
pub fn compare(args: &CompareArgs, output: Output) -> Result<Exit, CliError> {
    let loaded = load::snapshot(args.play.snapshot.as_deref())?;
    let files = args
        .models
        .iter()
        .map(|path| load::model(path, &loaded.snapshot))
        .collect::<Result<Vec<_>, _>>()?;
    progress::catch_interrupt();
    let names = names(&files);
    let comparison = load::on_threads(&args.play, || {
        let mut entries = Vec::new();
        for (file, name) in files.iter().zip(&names) {
            let model = &file.model;
            let parameters = match args.design {
                ComparedDesign::Allocated => Parameters::reference(model),
                ComparedDesign::Recommended => design_of(
                    model,
                    &Search {
                        seed: Seed(args.play.seed),
                        paths: paths_for(model).max(args.play.paths),
                        assess_paths: args.play.paths,
                        progress: &|stage| progress::say(name, &describe(stage), output.quiet),
                        cancel: progress::stop_flag(),
                    },
                )?,
            };
            entries.push(Entry {
                name: name.clone(),
                model,
                parameters,
            });
        }
        // Numbers that had no part in choosing any of the designs judge them all.
        let seed = Seed(args.play.seed).fresh(1);
        play(&entries, seed, args.play.paths, progress::stop_flag())
    })?
    .ok_or_else(CliError::interrupted)?;
    output.answer(
        "compare",
        Some(args.play.seed),
        Some(&loaded.stamp),
        &comparison,
        || screen(&comparison, &files),
    )?;
    Ok(Exit::Ok)
}

/// The files' names without folder and ending; with them where two are the same.
fn names(files: &[LoadedModel]) -> Vec<String> {
    let short = |file: &LoadedModel| {
        Path::new(&file.file).file_stem().map_or_else(
            || file.file.clone(),
            |stem| stem.to_string_lossy().into_owned(),
        )
    };
    files
        .iter()
        .map(|file| {
            let same = files.iter().filter(|other| short(other) == short(file));
            if same.count() > 1 {
                file.file.clone()
            } else {
                short(file)
            }
        })
        .collect()
}

/// One block for each design after the first, in at most 80 columns: two designs and what the
/// second has more, its interval on a line of its own.
fn screen(comparison: &Comparison, files: &[LoadedModel]) -> String {
    let first = &comparison.designs[0];
    let target = &files[0].model.target;
    let horizon = target.insecure_within.get();
    let mut text = String::new();
    for other in &comparison.designs[1..] {
        let Some(more) = &other.differences else {
            continue;
        };
        let mut line = |label: &str, a: &str, b: &str, change: &str| {
            let row = format!("  {label:<20}{a:>15}{b:>15}  {change}");
            let _ = writeln!(text, "{}", row.trim_end());
        };
        line("", &cut(&first.name), &cut(&other.name), "difference");
        line(
            "slashable stake",
            &format::usd(first.stake_usd),
            &format::usd(other.stake_usd),
            &signed(more.stake_usd, Unit::Usd),
        );
        line(
            "reward budget",
            &budget(first),
            &budget(other),
            &more
                .budget_usd_year
                .map_or_else(|| "-".to_owned(), |usd| signed(usd, Unit::UsdPerYear)),
        );
        let (a, b) = (&first.assessment, &other.assessment);
        let estimated = [
            (
                "stake it needs".to_owned(),
                &first.needed_stake,
                &other.needed_stake,
                &more.needed_stake,
                Unit::Usd,
            ),
            (
                format!("insecure in {}", format::days(horizon)),
                &a.insecure,
                &b.insecure,
                &more.risk,
                Unit::Probability,
            ),
            (
                "expected loss".to_owned(),
                &a.expected_loss,
                &b.expected_loss,
                &more.expected_loss,
                Unit::Usd,
            ),
            (
                "days under water".to_owned(),
                &a.days_insecure,
                &b.days_insecure,
                &more.days_insecure,
                Unit::Days,
            ),
        ];
        for (label, a, b, difference, unit) in estimated {
            let of = |measure: &Measure| format::amount(measure.estimate.value, unit);
            let change = &difference.estimate;
            line(&label, &of(a), &of(b), &signed(change.value, unit));
            line("", "", "", &between(change.low, change.high, unit));
        }
        let middle = |design: &Compared| {
            let margin = &design.assessment.worst.margin_usd;
            margin
                .get(margin.len() / 2)
                .map_or_else(|| "-".to_owned(), |m| format::usd(m.value))
        };
        let ratio = more.worst_coverage.as_ref().map(|ratio| ratio.estimate);
        line(
            "worst margin, median",
            &middle(first),
            &middle(other),
            &ratio.map_or_else(
                || "-".to_owned(),
                |ratio| format!("coverage × {:.3}", ratio.value),
            ),
        );
        if let Some(ratio) = ratio {
            let interval = format!("({:.3} to {:.3})", ratio.low, ratio.high);
            line("", "", "", &interval);
        }
        let gain = more.variance_gain.map_or_else(String::new, |gain| {
            format!("\n  together they are worth {gain:.0} times as many separate ones")
        });
        let _ = writeln!(
            text,
            "\n  in brackets: {} intervals from {} shared paths{gain}\n",
            format::share(target.confidence.get()),
            format::whole(comparison.paths)
        );
    }
    text.truncate(text.trim_end().len());
    text
}

fn cut(name: &str) -> String {
    const WIDEST: usize = 14;
    if name.chars().count() <= WIDEST {
        return name.to_owned();
    }
    let kept: String = name.chars().take(WIDEST - 1).collect();
    format!("{kept}…")
}

fn budget(design: &Compared) -> String {
    design
        .budget_usd_year
        .map_or_else(|| "none".to_owned(), format::usd_per_year)
}

fn signed(value: f64, unit: Unit) -> String {
    let sign = if value < 0.0 { "-" } else { "+" };
    format!("{sign}{}", format::amount(value.abs(), unit))
}

fn between(low: f64, high: f64, unit: Unit) -> String {
    format!("({} to {})", signed(low, unit), signed(high, unit))
}
