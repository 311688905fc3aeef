//! The store of logs already read: one line a finished range, so that a killed pull resumes and a
//! second pull reads only new blocks.
//!
//! Each line carries a checksum and is on disk before the next range is asked; a torn last line is cut
//! off when the file is opened. The head names chain, contracts and topics: another question gets
//! another file.

use super::error::ChainError;
use alloy_primitives::{Address, B256, Bytes};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// Version of the file.
const FORMAT: u32 = 1;

/// One log, as far as a pull needs it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredLog {
    /// Its block.
    #[serde(rename = "b")]
    pub block: u64,
    /// Its place in the block.
    #[serde(rename = "i")]
    pub index: u64,
    /// Who emitted it.
    #[serde(rename = "a")]
    pub address: Address,
    /// Topics.
    #[serde(rename = "t")]
    pub topics: Vec<B256>,
    /// Data.
    #[serde(rename = "d")]
    pub data: Bytes,
}

/// A finished range and its logs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScannedRange {
    /// First block.
    pub from: u64,
    /// Last block.
    pub to: u64,
    /// Hash of the last block.
    pub hash: B256,
    /// Logs, in the order of the chain.
    pub logs: Vec<StoredLog>,
}

/// What the logs were asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Question {
    /// Version of the file.
    format: u32,
    /// The chain.
    pub chain: u64,
    /// First block.
    pub start: u64,
    /// Contracts.
    pub addresses: Vec<Address>,
    /// First topics.
    pub topics: Vec<B256>,
}

impl Question {
    /// Logs of `addresses` with one of `topics`, from `start` on.
    pub fn new(chain: u64, start: u64, mut addresses: Vec<Address>, mut topics: Vec<B256>) -> Self {
        addresses.sort_unstable();
        addresses.dedup();
        topics.sort_unstable();
        topics.dedup();
        Self {
            format: FORMAT,
            chain,
            start,
            addresses,
            topics,
        }
    }

    fn file_name(&self) -> String {
        let text = serde_json::to_string(self).expect("a question is plain data");
        format!(
            "logs-{}-{}.jsonl",
            self.chain,
            &checksum(text.as_bytes())[..12]
        )
    }
}

/// Ranges read so far, in memory and, where a folder is given, on disk.
#[derive(Debug)]
pub struct Journal {
    file: Option<(PathBuf, File)>,
    ranges: Vec<ScannedRange>,
    start: u64,
}

impl Journal {
    /// Opens the journal of a question in `folder`, or in memory.
    ///
    /// # Errors
    /// When the folder or the file cannot be used.
    pub fn open(folder: Option<&Path>, question: &Question) -> Result<Self, ChainError> {
        let Some(folder) = folder else {
            return Ok(Self {
                file: None,
                ranges: Vec::new(),
                start: question.start,
            });
        };
        let path = folder.join(question.file_name());
        let fail = |error: std::io::Error| failure(&path, &error);
        std::fs::create_dir_all(folder).map_err(|error| failure(folder, &error))?;
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(fail)?;
        file.try_lock().map_err(|_| ChainError::Store {
            path: path.clone(),
            problem: "another pull uses it; wait for it, or choose another cache folder".to_owned(),
        })?;
        let (ranges, sound) = read_ranges(&file, question).map_err(fail)?;
        file.set_len(sound).map_err(fail)?;
        file.seek(SeekFrom::End(0)).map_err(fail)?;
        let mut journal = Self {
            file: Some((path, file)),
            ranges,
            start: question.start,
        };
        if sound == 0 {
            journal.write(question)?;
        }
        Ok(journal)
    }

    /// First block that is not read yet.
    pub fn next_block(&self) -> u64 {
        self.ranges.last().map_or(self.start, |range| range.to + 1)
    }

    /// The newest range.
    pub fn last(&self) -> Option<&ScannedRange> {
        self.ranges.last()
    }

    /// Adds a finished range; on return it is on disk.
    ///
    /// # Errors
    /// When it cannot be written, as on a full disk.
    pub fn add(&mut self, range: ScannedRange) -> Result<(), ChainError> {
        assert_eq!(range.from, self.next_block(), "ranges follow each other");
        assert!(
            range.from <= range.to,
            "range {} to {} is empty",
            range.from,
            range.to
        );
        self.write(&range)?;
        self.ranges.push(range);
        Ok(())
    }

    /// Forgets the newest range: the chain has replaced its blocks.
    ///
    /// # Errors
    /// When the file cannot be rewritten.
    pub fn drop_last(&mut self) -> Result<(), ChainError> {
        self.ranges.pop();
        let Some((path, file)) = &mut self.file else {
            return Ok(());
        };
        let fail = |error: std::io::Error| failure(path, &error);
        // Lines are found again by counting: the head and one line a range.
        let mut reader = BufReader::new(&*file);
        reader.seek(SeekFrom::Start(0)).map_err(fail)?;
        let (mut line, mut kept) = (Vec::new(), 0);
        for _ in 0..=self.ranges.len() {
            line.clear();
            kept += reader.read_until(b'\n', &mut line).map_err(fail)? as u64;
        }
        file.set_len(kept).map_err(fail)?;
        file.seek(SeekFrom::End(0)).map_err(fail)?;
        Ok(())
    }

    /// All logs up to and including `block`, in the order of the chain.
    pub fn logs_until(&self, block: u64) -> impl Iterator<Item = &StoredLog> {
        self.ranges
            .iter()
            .flat_map(|range| &range.logs)
            .take_while(move |log| log.block <= block)
    }

    fn write(&mut self, line: &impl Serialize) -> Result<(), ChainError> {
        let Some((path, file)) = &mut self.file else {
            return Ok(());
        };
        let text = serde_json::to_string(line).expect("a line is plain data");
        let line = format!("{} {text}\n", checksum(text.as_bytes()));
        let written = file
            .write_all(line.as_bytes())
            .and_then(|()| file.sync_data());
        written.map_err(|error| failure(path, &error))
    }
}

/// The ranges of a file, and how many of its bytes are sound.
fn read_ranges(file: &File, question: &Question) -> std::io::Result<(Vec<ScannedRange>, u64)> {
    let mut reader = BufReader::new(file);
    let (mut ranges, mut sound) = (Vec::<ScannedRange>::new(), 0);
    let mut line = Vec::new();
    let mut first = true;
    loop {
        line.clear();
        let length = reader.read_until(b'\n', &mut line)? as u64;
        if length == 0 {
            return Ok((ranges, sound));
        }
        let Some(text) = checked(&line) else {
            return Ok((ranges, sound));
        };
        if first {
            match serde_json::from_slice::<Question>(text) {
                Ok(found) if found == *question => first = false,
                _ => return Ok((Vec::new(), 0)),
            }
        } else {
            let Ok(range) = serde_json::from_slice::<ScannedRange>(text) else {
                return Ok((ranges, sound));
            };
            let expected = ranges.last().map_or(question.start, |last| last.to + 1);
            if range.from != expected || range.to < range.from {
                return Ok((ranges, sound));
            }
            ranges.push(range);
        }
        sound += length;
    }
}

/// The text of a line whose checksum holds.
fn checked(line: &[u8]) -> Option<&[u8]> {
    let line = line.strip_suffix(b"\n")?;
    let (sum, text) = (line.get(..16)?, line.get(17..)?);
    (checksum(text).as_bytes() == sum).then_some(text)
}

fn checksum(bytes: &[u8]) -> String {
    let digest = Sha256::digest(bytes);
    digest[..8]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

fn failure(path: &Path, error: &std::io::Error) -> ChainError {
    let hint = match error.kind() {
        std::io::ErrorKind::StorageFull => "; free some space and pull again",
        _ => "",
    };
    ChainError::Store {
        path: path.to_owned(),
        problem: format!("{error}{hint}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn question() -> Question {
        Question::new(
            1,
            100,
            vec![Address::repeat_byte(1)],
            vec![B256::repeat_byte(2)],
        )
    }

    fn range(from: u64, to: u64) -> ScannedRange {
        let log = StoredLog {
            block: from,
            index: 3,
            address: Address::repeat_byte(1),
            topics: vec![B256::repeat_byte(2)],
            data: Bytes::from_static(b"data"),
        };
        ScannedRange {
            from,
            to,
            hash: B256::repeat_byte(to as u8),
            logs: vec![log],
        }
    }

    fn only_file(folder: &Path) -> PathBuf {
        std::fs::read_dir(folder)
            .unwrap()
            .next()
            .unwrap()
            .unwrap()
            .path()
    }

    #[test]
    fn a_second_opening_continues() {
        let folder = tempfile::tempdir().unwrap();
        let mut journal = Journal::open(Some(folder.path()), &question()).unwrap();
        assert_eq!(journal.next_block(), 100);
        journal.add(range(100, 149)).unwrap();
        journal.add(range(150, 160)).unwrap();
        drop(journal);
        let journal = Journal::open(Some(folder.path()), &question()).unwrap();
        assert_eq!(journal.next_block(), 161);
        assert_eq!(journal.logs_until(149).count(), 1);
        assert_eq!(journal.logs_until(150).count(), 2);
    }

    #[test]
    fn a_line_torn_at_any_byte_is_cut_off() {
        let folder = tempfile::tempdir().unwrap();
        let mut journal = Journal::open(Some(folder.path()), &question()).unwrap();
        journal.add(range(100, 149)).unwrap();
        let path = only_file(folder.path());
        let whole = std::fs::metadata(&path).unwrap().len();
        journal.add(range(150, 160)).unwrap();
        drop(journal);
        let bytes = std::fs::read(&path).unwrap();
        for cut in (0..bytes.len()).step_by(7) {
            std::fs::write(&path, &bytes[..cut]).unwrap();
            let mut journal = Journal::open(Some(folder.path()), &question()).unwrap();
            let expected = if cut as u64 >= whole { 150 } else { 100 };
            assert_eq!(journal.next_block(), expected, "cut at {cut}");
            // and it can be written again
            journal.add(range(journal.next_block(), 170)).unwrap();
            drop(journal);
            let journal = Journal::open(Some(folder.path()), &question()).unwrap();
            assert_eq!(journal.next_block(), 171, "cut at {cut}");
        }
    }

    #[test]
    fn a_changed_byte_ends_what_is_trusted() {
        let folder = tempfile::tempdir().unwrap();
        let mut journal = Journal::open(Some(folder.path()), &question()).unwrap();
        journal.add(range(100, 149)).unwrap();
        journal.add(range(150, 160)).unwrap();
        drop(journal);
        let path = only_file(folder.path());
        let mut bytes = std::fs::read(&path).unwrap();
        let last = bytes.len() - 20;
        bytes[last] ^= 1;
        std::fs::write(&path, &bytes).unwrap();
        assert_eq!(
            Journal::open(Some(folder.path()), &question())
                .unwrap()
                .next_block(),
            150
        );
    }

    #[test]
    fn replaced_blocks_are_forgotten() {
        let folder = tempfile::tempdir().unwrap();
        let mut journal = Journal::open(Some(folder.path()), &question()).unwrap();
        journal.add(range(100, 149)).unwrap();
        journal.add(range(150, 160)).unwrap();
        journal.drop_last().unwrap();
        assert_eq!(journal.next_block(), 150);
        journal.add(range(150, 155)).unwrap();
        drop(journal);
        assert_eq!(
            Journal::open(Some(folder.path()), &question())
                .unwrap()
                .next_block(),
            156
        );
    }

    #[test]
    fn another_question_has_another_file() {
        let folder = tempfile::tempdir().unwrap();
        Journal::open(Some(folder.path()), &question())
            .unwrap()
            .add(range(100, 149))
            .unwrap();
        let other = Question::new(
            1,
            100,
            vec![Address::repeat_byte(9)],
            vec![B256::repeat_byte(2)],
        );
        assert_eq!(
            Journal::open(Some(folder.path()), &other)
                .unwrap()
                .next_block(),
            100
        );
    }

    #[test]
    fn two_pulls_do_not_share_a_file() {
        let folder = tempfile::tempdir().unwrap();
        let _first = Journal::open(Some(folder.path()), &question()).unwrap();
        let error = Journal::open(Some(folder.path()), &question()).unwrap_err();
        assert!(error.to_string().contains("another pull"), "{error}");
    }

    #[test]
    fn a_full_disk_is_an_error_that_says_so() {
        let full = Path::new("/dev/full");
        if !full.exists() {
            return;
        }
        let file = OpenOptions::new().write(true).open(full).unwrap();
        let mut journal = Journal {
            file: Some((full.to_owned(), file)),
            ranges: Vec::new(),
            start: 100,
        };
        let error = journal.add(range(100, 149)).unwrap_err();
        assert!(error.to_string().contains("free some space"), "{error}");
        assert_eq!(
            journal.next_block(),
            100,
            "a range that is not on disk does not count"
        );
    }
}
