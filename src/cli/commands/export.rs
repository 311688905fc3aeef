//! `stakewright export`: the recommended parameters as contract configuration.

use super::config;
use super::study::{Depth, Study, exit};
use crate::cli::args::{ExportArgs, ExportTarget, ModelArgs, PlaceArgs};
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::load;
use crate::cli::output::Output;
use crate::export::lines::hanging;
use crate::export::lint::{self, Severity};
use crate::export::{self, Artifact, Deployment, ExportError, Target};
use crate::recommend::Recommendation;
use crate::run::{
    self, Addresses, Decided, DeploymentError, FileEntry, MODEL_FILE, Manifest, RunFolder,
    SnapshotStamp, sha256_hex,
};
use crate::snapshot::Address;
use crate::units::Timestamp;
use serde::Serialize;
use std::fmt::Write as _;
use std::path::Path;
use std::str::FromStr as _;

/// Version of the manifest of an export.
const FORMAT: &str = "stakewright-export/1";

#[derive(Serialize)]
struct Exported {
    folder: String,
    files: Vec<String>,
    verdict: Option<String>,
    /// Targets that were left out because all were asked for and these cannot be written.
    left_out: Vec<String>,
}

/// Where an export comes from, with the hashes of its files.
#[derive(Serialize)]
struct ExportManifest<'a> {
    format: &'static str,
    program: &'static str,
    from: &'a str,
    seed: u64,
    snapshot: &'a SnapshotStamp,
    network: &'a str,
    chain_id: u64,
    files: Vec<FileEntry>,
}

/// A deployment and what it was made from.
struct Source {
    deployment: Deployment,
    from: String,
    seed: u64,
    stamp: SnapshotStamp,
    exit: Exit,
}

/// Searches and certifies, or reads the folder of a run; then writes the configuration into a folder of its own.
pub fn export(args: &ExportArgs, output: Output) -> Result<Exit, CliError> {
    let addresses = addresses(&args.place)?;
    let mut folder = RunFolder::open_at(&args.out)?;
    let source = if args.model.is_dir() {
        of_run(args, &addresses)?
    } else {
        of_model(args, &addresses, output)?
    };
    let deployment = &source.deployment;
    let (files, left_out) = match args.target {
        ExportTarget::All => whole(deployment),
        one => (of_target(deployment, target(one))?, Vec::new()),
    };
    if files.is_empty() {
        return Err(refused(
            &export::export(deployment, Target::Params)
                .expect_err("without a single target, the deployment itself is refused"),
        ));
    }
    let mut all = vec![index(deployment, &files, &left_out)];
    all.extend(files);
    let manifest = manifest(&source, &all)?;
    for file in all.iter().chain([&manifest]) {
        folder.add(file)?;
    }
    let place = folder.place_whole()?;
    let exported = Exported {
        folder: place.display().to_string(),
        files: all.iter().map(|file| file.path.clone()).collect(),
        verdict: deployment.verdict.clone(),
        left_out,
    };
    output.answer(
        "export",
        Some(source.seed),
        Some(&source.stamp),
        &exported,
        || written(&exported),
    )?;
    Ok(source.exit)
}

fn written(exported: &Exported) -> String {
    let mut text = format!("wrote {}\n", exported.folder);
    for file in &exported.files {
        let _ = writeln!(text, "  {file}");
    }
    if let Some(verdict) = &exported.verdict {
        text.push_str(&hanging("design    ", verdict));
    }
    for reason in &exported.left_out {
        for (index, line) in reason.lines().enumerate() {
            let lead = if index == 0 {
                "left out  "
            } else {
                "          "
            };
            text.push_str(&hanging(lead, line.trim_start()));
        }
    }
    let _ = writeln!(
        text,
        "next      stakewright lint {0}\n          stakewright verify {0} --rpc-url URL",
        exported.folder
    );
    text
}

fn of_model(args: &ExportArgs, addresses: &Addresses, output: Output) -> Result<Source, CliError> {
    let model = ModelArgs {
        model: args.model.clone(),
        play: args.play.clone(),
    };
    let study = Study::open(&model, output)?;
    run::accounts_named(&study.model.model, addresses).map_err(|error| incomplete(&error))?;
    let answer = study.answer(Depth::Usual, output)?;
    let deployment = study
        .deployment(&answer.recommendation, addresses)
        .map_err(|error| incomplete(&error))?;
    Ok(Source {
        deployment,
        from: study.command("export"),
        seed: args.play.seed,
        exit: exit(&answer.recommendation, false),
        stamp: study.loaded.stamp,
    })
}

/// What a run decided, out of its folder: nothing is simulated again.
fn of_run(args: &ExportArgs, addresses: &Addresses) -> Result<Source, CliError> {
    let folder = &args.model;
    let not_a_run = |problem: String| {
        CliError::words(
            Exit::Data,
            format_args!("{} is not the folder of a run: {problem}", folder.display()),
            "give a model file, or a folder that `stakewright run` wrote, such as reports/user-security-7f3a91c2",
        )
    };
    let text = |name: &str| {
        std::fs::read_to_string(folder.join(name))
            .map_err(|error| not_a_run(format!("{name}: {error}")))
    };
    let manifest: Manifest = serde_json::from_str(&text("manifest.json")?)
        .map_err(|error| not_a_run(format!("manifest.json: {error}")))?;
    for name in ["recommendation.json", MODEL_FILE] {
        unchanged(folder, &manifest, name, &text(name)?)?;
    }
    let decided = Decided::read(&text("recommendation.json")?)
        .map_err(|error| not_a_run(format!("recommendation.json: {error}")))?;
    let loaded = load::snapshot(args.play.snapshot.as_deref())?;
    if loaded.stamp.content_sha256 != manifest.snapshot.content_sha256 {
        return Err(CliError::usage(
            format_args!(
                "the run rests on the snapshot `{}`, and this one is `{}`",
                manifest.snapshot.label, loaded.stamp.label
            ),
            "give the snapshot of the run with --snapshot FOLDER; its command stands in manifest.json",
        ));
    }
    let model = load::model_of_run(folder, &loaded.snapshot)?;
    let now = jiff::Timestamp::now().as_second().max(0) as u64;
    let deployment = run::deployment(
        &model,
        &loaded.snapshot,
        &decided,
        addresses,
        Timestamp(now),
    )
    .map_err(|error| incomplete(&error))?;
    Ok(Source {
        deployment,
        from: format!("run {}: {}", manifest.run_id, manifest.command),
        seed: manifest.seed,
        stamp: loaded.stamp,
        exit: if decided.infeasible.is_some() {
            Exit::Infeasible
        } else {
            Exit::Ok
        },
    })
}

/// A file of a run that was changed by hand is no longer what the run decided.
fn unchanged(folder: &Path, manifest: &Manifest, name: &str, text: &str) -> Result<(), CliError> {
    let listed = manifest.files.iter().find(|file| file.path == name);
    if listed.is_some_and(|file| file.sha256 == sha256_hex(text.as_bytes())) {
        return Ok(());
    }
    Err(CliError::words(
        Exit::Data,
        format_args!(
            "{} is not the file that the run wrote",
            folder.join(name).display()
        ),
        "run again: what is exported must be what was certified",
    ))
}

fn manifest(source: &Source, files: &[Artifact]) -> Result<Artifact, CliError> {
    let entry = |file: &Artifact| FileEntry {
        path: file.path.clone(),
        bytes: file.bytes.len() as u64,
        sha256: sha256_hex(&file.bytes),
    };
    let manifest = ExportManifest {
        format: FORMAT,
        program: env!("CARGO_PKG_VERSION"),
        from: &source.from,
        seed: source.seed,
        snapshot: &source.stamp,
        network: &source.deployment.network.name,
        chain_id: source.deployment.network.chain_id,
        files: files.iter().map(entry).collect(),
    };
    let mut text = serde_json::to_string_pretty(&manifest)
        .map_err(|error| CliError::new(Exit::Bug, &error, "please report this"))?;
    text.push('\n');
    Ok(Artifact {
        path: "manifest.json".to_owned(),
        bytes: text.into_bytes(),
    })
}

/// The configuration that goes into a run folder: every target that the known addresses allow,
/// and a README that says what is missing for the others.
pub fn config_of(
    study: &Study,
    recommendation: &Recommendation,
    addresses: &Addresses,
) -> Result<(Option<Deployment>, Vec<Artifact>), CliError> {
    let deployment = match study.deployment(recommendation, addresses) {
        Ok(deployment) => deployment,
        Err(DeploymentError::Rounding(error)) => {
            return Err(incomplete(&DeploymentError::Rounding(error)));
        }
        Err(error) => return Ok((None, vec![nothing(&error)])),
    };
    let (files, left_out) = whole(&deployment);
    let mut all = vec![index(&deployment, &files, &left_out)];
    all.extend(files);
    Ok((Some(deployment), all))
}

/// Every target, and the reasons of those that cannot be written.
fn whole(deployment: &Deployment) -> (Vec<Artifact>, Vec<String>) {
    let (mut files, mut left_out) = (Vec::new(), Vec::new());
    for target in Target::ALL {
        match export::export(deployment, target) {
            Ok(artifacts) => files.extend(artifacts),
            Err(error) => left_out.push(format!("{target}: {error}")),
        }
    }
    (files, left_out)
}

fn of_target(deployment: &Deployment, target: Target) -> Result<Vec<Artifact>, CliError> {
    export::export(deployment, target).map_err(|error| refused(&error))
}

/// The addresses that the command line gives.
pub fn addresses(place: &PlaceArgs) -> Result<Addresses, CliError> {
    let parse = |flag: &str, text: Option<&str>| -> Result<Option<Address>, CliError> {
        text.map(|text| {
            Address::from_str(text).map_err(|error| {
                CliError::usage(
                    format_args!("{flag} {text}: {error}"),
                    "an address is 0x and forty hexadecimal digits, with the capitals of its checksum",
                )
            })
        })
        .transpose()
    };
    Ok(Addresses {
        avs: parse("--avs", place.avs.as_deref())?,
        slasher: parse("--slasher", place.slasher.as_deref())?,
        network: place.network.as_deref().map(config::network).transpose()?,
    })
}

fn target(asked: ExportTarget) -> Target {
    match asked {
        ExportTarget::Core => Target::Core,
        ExportTarget::Safe => Target::Safe,
        ExportTarget::Middleware => Target::Middleware,
        ExportTarget::Hourglass => Target::Hourglass,
        ExportTarget::Solidity => Target::Solidity,
        ExportTarget::All | ExportTarget::Params => Target::Params,
    }
}

/// What each folder is for, what was left out and why, and what to look at before anything is sent.
fn index(deployment: &Deployment, files: &[Artifact], left_out: &[String]) -> Artifact {
    let network = &deployment.network;
    let mut text = format!(
        "# {}: configuration for {} (chain {})\n\n",
        deployment.name, network.name, network.chain_id
    );
    if let Some(verdict) = &deployment.verdict {
        let _ = writeln!(text, "Design: **{verdict}**.\n");
    }
    text.push_str("| folder | consumed by |\n|---|---|\n");
    for target in Target::ALL {
        let folder = format!("{target}/");
        if files.iter().any(|file| file.path.starts_with(&folder)) {
            let _ = writeln!(
                text,
                "| [{target}]({target}/README.md) | {} |",
                target.reader()
            );
        }
    }
    if !left_out.is_empty() {
        text.push_str("\nLeft out:\n\n");
        for reason in left_out {
            let _ = writeln!(text, "- {}", reason.replace('\n', "\n  "));
        }
    }
    if deployment.rewards.is_empty() {
        text.push_str(
            "\nNo rewards are submitted: the model file names no `reward_token` in `[deployment]`.\n",
        );
    }
    let findings = lint::deployment(deployment);
    let open: Vec<_> = findings
        .iter()
        .filter(|finding| finding.severity >= Severity::Warning)
        .collect();
    if !open.is_empty() {
        text.push_str("\nLook at these before anything is sent:\n\n");
        for finding in open {
            let _ = writeln!(
                text,
                "- `{}` at `{}`: {}; {}",
                finding.check, finding.place, finding.wrong, finding.right
            );
        }
    }
    text.push_str(
        "\nThen `stakewright lint` and `stakewright verify` with this folder. Nothing here was sent, and no private key stands in it.\n",
    );
    Artifact {
        path: "README.md".to_owned(),
        bytes: text.into_bytes(),
    }
}

/// The one file of a run whose deployment could not be made.
fn nothing(error: &DeploymentError) -> Artifact {
    let text = format!(
        "# No configuration yet\n\n{error}: {}.\n\nThen, without running again:\n\n    \
         stakewright export FOLDER-OF-THIS-RUN --avs 0x… --slasher 0x… --out config\n",
        help_of(error)
    );
    Artifact {
        path: "README.md".to_owned(),
        bytes: text.into_bytes(),
    }
}

const fn help_of(error: &DeploymentError) -> &'static str {
    match error {
        DeploymentError::SlasherMissing => {
            "give it with --slasher 0x…, or as `slasher` in the section [deployment] of the model file"
        }
        DeploymentError::RecipientMissing => {
            "name the contract that pays those who were harmed (a set keeps its recipient for ever), or write \
             redistributed = \"0 %\" and design a set that burns"
        }
        DeploymentError::NoStrategies => {
            "name them as [[deployment.strategy]] in the model file, or pull a snapshot that knows them: stakewright pull --rpc-url …"
        }
        DeploymentError::ForeignStrategies { .. } => {
            "name the strategies of that network as [[deployment.strategy]] in the model file"
        }
        DeploymentError::Quorums(_) => {
            "export a model file for each quorum, with its assets and its share of the stake: in the contracts each is an operator set of its own"
        }
        DeploymentError::UnknownCollateral(_) => {
            "give the strategy a symbol in [[deployment.strategy]], or leave `slash_by_asset` out"
        }
        DeploymentError::RewardPrice(_) => {
            "pay in a token that the model plays or the snapshot prices, or leave out reward_token"
        }
        DeploymentError::Rounding(_) => "change the range in the model file",
    }
}

fn incomplete(error: &DeploymentError) -> CliError {
    CliError::new(Exit::Usage, error, help_of(error))
}

fn refused(error: &ExportError) -> CliError {
    let (exit, help) = match error {
        ExportError::Refused(_) => (
            Exit::Below,
            "change the model file as said, or the network with --network",
        ),
        ExportError::AvsMissing(_) => (
            Exit::Usage,
            "or write it into the section [deployment] of the model file",
        ),
        _ => (Exit::Usage, "choose another --target"),
    };
    CliError::new(exit, error, help)
}
