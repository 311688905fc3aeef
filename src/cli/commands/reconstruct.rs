//! `stakewright reconstruct`: the embedded snapshot from its sources.

use crate::cli::args::ReconstructArgs;
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::output::Output;
use crate::tables;

/// Rebuilds the snapshot and writes it; the test of the tables holds it against the committed one.
pub fn reconstruct(args: &ReconstructArgs, output: Output) -> Result<Exit, CliError> {
    let failed = |error: &tables::TablesError| {
        CliError::new(
            Exit::Data,
            error,
            "run this from the repository, or name --sources",
        )
    };
    let snapshot = tables::build_embedded(&args.sources).map_err(|error| failed(&error))?;
    let manifest = tables::write(&args.out, &snapshot).map_err(|error| failed(&error))?;
    output.answer("reconstruct", None, None, &manifest, || {
        format!(
            "wrote {} · content {}",
            args.out.display(),
            manifest.content_hash
        )
    })?;
    Ok(Exit::Ok)
}
