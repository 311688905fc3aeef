//! `stakewright run`: the main job; and `report`, its middle.

use super::export;
use super::recommend::screen;
use super::study::{Depth, Study, exit};
use crate::cli::args::{ReportArgs, RunArgs};
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::load;
use crate::cli::output::Output;
use crate::cli::progress;
use crate::export::Artifact;
use crate::recommend::Answer;
use crate::report::{self, findings::Output as Written};
use crate::run::{self, Manifest, RunFolder, run_id};
use crate::tables;
use serde::Serialize;
use std::path::Path;

#[derive(Serialize)]
struct Ran<'a> {
    run: &'a Path,
    recommendation: &'a crate::recommend::Recommendation,
}

/// All of it, into a folder that appears whole or not at all.
pub fn run(args: &RunArgs, output: Output) -> Result<Exit, CliError> {
    let started_at = jiff::Timestamp::now().to_string();
    let study = Study::open(&args.model, output)?;
    let addresses = export::addresses(&args.place)?;
    let verb = if args.full { "run --full" } else { "run" };
    let id = name(&study, verb);
    let mut folder = RunFolder::open(&args.out, &id)?;

    let depth = if args.full {
        Depth::Explained
    } else {
        Depth::Usual
    };
    let answer = study.answer(depth, output)?;
    let (deployment, config) = export::config_of(&study, &answer.recommendation, &addresses)?;
    let place = args.out.join(&id);
    let written = outputs(&place, deployment.is_some());
    let findings = study.findings(verb, &answer, deployment.as_ref(), written);

    for (path, bytes) in report::render(&findings) {
        folder.add(&Artifact { path, bytes })?;
    }
    for file in config {
        folder.add(&Artifact {
            path: format!("config/{}", file.path),
            bytes: file.bytes,
        })?;
    }
    folder.add(&json("recommendation.json", &answer.recommendation)?)?;
    folder.add(&json("findings.json", &findings)?)?;
    folder.add(&ensemble(&study, &answer)?)?;
    folder.add(&incidents(&study, &answer)?)?;
    for file in sources(&study)? {
        folder.add(&file)?;
    }
    if progress::stopped() {
        return Err(CliError::interrupted());
    }
    let place = folder.finish(manifest(&study, verb, &id, started_at))?;

    let ran = Ran {
        run: &place,
        recommendation: &answer.recommendation,
    };
    let seed = Some(args.model.play.seed);
    output.answer("run", seed, Some(&study.loaded.stamp), &ran, || {
        screen(&findings, output)
    })?;
    Ok(exit(&answer.recommendation, args.require_safe))
}

/// `stakewright report`: the report alone, into a folder of its own.
pub fn report(args: &ReportArgs, output: Output) -> Result<Exit, CliError> {
    let study = Study::open(&args.model, output)?;
    let mut folder = RunFolder::open_at(&args.out)?;
    let answer = study.answer(Depth::Usual, output)?;
    let written = vec![Written {
        label: "report".to_owned(),
        path: args.out.join("report.html").display().to_string(),
    }];
    let findings = study.findings("report", &answer, None, written);
    for (path, bytes) in report::render(&findings) {
        folder.add(&Artifact { path, bytes })?;
    }
    folder.finish(manifest(
        &study,
        "report",
        &name(&study, "report"),
        jiff::Timestamp::now().to_string(),
    ))?;
    let seed = Some(args.model.play.seed);
    output.answer("report", seed, Some(&study.loaded.stamp), &findings, || {
        screen(&findings, output)
    })?;
    Ok(exit(&answer.recommendation, false))
}

/// The folder's name: the same run has the same name.
fn name(study: &Study, verb: &str) -> String {
    let play = &study.args.play;
    run_id(
        &study.model.model.service.name,
        &[
            env!("CARGO_PKG_VERSION"),
            &study.model.sha256,
            &study.loaded.stamp.content_sha256,
            &play.seed.to_string(),
            &play.paths.to_string(),
            // The usual run keeps the name that it always had.
            verb.trim_start_matches("run"),
        ],
    )
}

fn outputs(place: &Path, configured: bool) -> Vec<Written> {
    let at = |name: &str| place.join(name).display().to_string();
    let mut written = vec![Written {
        label: "report".to_owned(),
        path: at("report.html"),
    }];
    written.push(Written {
        label: "config".to_owned(),
        path: if configured {
            format!("{}/", at("config"))
        } else {
            format!(
                "{} says which addresses are missing",
                at("config/README.md")
            )
        },
    });
    written
}

fn json<T: Serialize>(path: &str, value: &T) -> Result<Artifact, CliError> {
    let mut text = serde_json::to_string_pretty(value)
        .map_err(|error| CliError::new(Exit::Bug, &error, "please report this"))?;
    text.push('\n');
    Ok(Artifact {
        path: path.to_owned(),
        bytes: text.into_bytes(),
    })
}

/// The model file and the files that it names, so that a run can be exported later and by others.
fn sources(study: &Study) -> Result<Vec<Artifact>, CliError> {
    let mut files = vec![Artifact {
        path: run::MODEL_FILE.to_owned(),
        bytes: study.model.text.clone().into_bytes(),
    }];
    for path in &study.model.beside {
        let bytes = std::fs::read(path).map_err(|error| CliError::file("read", path, &error))?;
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let path = format!("{}/{name}", run::MODEL_FOLDER);
        if files.iter().all(|file| file.path != path) {
            files.push(Artifact { path, bytes });
        }
    }
    Ok(files)
}

/// The certified design's paths, as a table.
fn ensemble(study: &Study, answer: &Answer) -> Result<Artifact, CliError> {
    let columns = run::ensemble_columns(&answer.ensemble, &study.model.model);
    table("ensemble.parquet", columns, study, answer)
}

/// The incidents that those paths met, as a table.
fn incidents(study: &Study, answer: &Answer) -> Result<Artifact, CliError> {
    let columns = run::incident_columns(&answer.recommendation.aftermath.incidents);
    table("incidents.parquet", columns, study, answer)
}

fn table(
    name: &str,
    columns: Vec<(String, tables::Column)>,
    study: &Study,
    answer: &Answer,
) -> Result<Artifact, CliError> {
    let play = &study.args.play;
    let meta = [
        ("program", "stakewright".to_owned()),
        ("version", env!("CARGO_PKG_VERSION").to_owned()),
        ("seed", answer.ensemble.seed.to_string()),
        ("command_seed", play.seed.to_string()),
        ("model_sha256", study.model.sha256.clone()),
        ("snapshot_sha256", study.loaded.stamp.content_sha256.clone()),
    ];
    let columns = columns
        .iter()
        .map(|(name, column)| (name.as_str(), column.clone()))
        .collect();
    let bytes = tables::encode_columns(Path::new(name), columns, &meta)
        .map_err(|error| CliError::new(Exit::Bug, &error, "please report this"))?;
    Ok(Artifact {
        path: name.to_owned(),
        bytes,
    })
}

fn manifest(study: &Study, verb: &str, id: &str, started_at: String) -> Manifest {
    let play = &study.args.play;
    Manifest {
        format: run::FORMAT,
        run_id: id.to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        command: study.command(verb),
        seed: play.seed,
        paths: play.paths,
        threads: load::thread_count(play),
        model_file: study.model.file.clone(),
        model_sha256: study.model.sha256.clone(),
        snapshot: study.loaded.stamp.clone(),
        started_at,
        wall_seconds: study.began.elapsed().as_secs_f64(),
        files: Vec::new(),
    }
}
