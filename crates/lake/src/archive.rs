//! The archive: records of the log, framed by whoever read them, as opaque pieces in the store. A log that keeps its
//! records for a while only is then still whole.
//!
//! ```text
//! archive/<topic>/<partition>/<from>.piece     records at positions [from, from + PIECE_RECORDS)
//! ```
//!
//! Pieces begin at multiples of one number, so that the archive of a log is the same bytes however often and whenever
//! it was written. Each names the checksum of the one before it. The newest one grows until it is full, replaced in one
//! step each time.

use crate::LakeError;
use crate::sealed::{hex, seal, sha256, unseal};
use crate::store::{Store, StoreError, folders, objects};
use crate::wire::{FORMAT, Fields, WirePiece};
use domain::{Offset, Partition, Topic};

/// Positions of a piece: some megabytes, which are held in memory whole.
pub const PIECE_RECORDS: u64 = 16_384;
/// Ending of a piece's name.
const END: &str = ".piece";

/// Records of one partition, as they were framed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    /// The topic.
    pub topic: Topic,
    /// The partition.
    pub partition: Partition,
    /// The position of the first record; a multiple of [`PIECE_RECORDS`].
    pub from: Offset,
    /// Behind the last one.
    pub to: Offset,
    /// The frames.
    pub bytes: Vec<u8>,
}

/// Where the piece with this position begins.
pub const fn piece_of(at: Offset) -> Offset {
    Offset(at.0 / PIECE_RECORDS * PIECE_RECORDS)
}

/// Writes a piece, or a longer form of it. The one before must be full.
///
/// # Errors
/// The store failed, or the archive has no full piece before this one.
///
/// # Panics
/// When the piece does not lie between two multiples of [`PIECE_RECORDS`].
pub fn put_piece(store: &dyn Store, piece: &Piece) -> Result<(), LakeError> {
    let Piece { topic, partition, from, to, bytes } = piece;
    assert!(*from == piece_of(*from) && from < to && to.0 - from.0 <= PIECE_RECORDS, "a piece has its place");
    let previous = match from.0.checked_sub(PIECE_RECORDS) {
        None => None,
        Some(before) => Some(head(store, *topic, *partition, Offset(before))?.own),
    };
    let (header, _) = seal(&WirePiece {
        format: FORMAT,
        topic: topic.name().to_owned(),
        partition: partition.0,
        from: from.0,
        to: to.0,
        previous,
        bytes: bytes.len() as u64,
        payload_sha256: hex(&sha256(bytes)),
    });
    let path = path(*topic, *partition, *from);
    let failed = |source| StoreError::Io { action: "write", path: path.clone(), source };
    let mut file = store.create(&path)?;
    file.write_all(&header).and_then(|()| file.write_all(bytes)).map_err(failed)?;
    file.finish()?;
    Ok(store.settle(&folder(*topic, *partition))?)
}

/// The piece that begins there, held against its checksums and the piece before; `None` where there is none.
///
/// # Errors
/// The store failed, or the piece is damaged.
pub fn piece(
    store: &dyn Store,
    topic: Topic,
    partition: Partition,
    from: Offset,
) -> Result<Option<Piece>, LakeError> {
    let path = path(topic, partition, from);
    let mut bytes = match store.get(&path) {
        Err(StoreError::Missing { .. }) => return Ok(None),
        got => got?,
    };
    let fields = Fields { path: &path };
    let (wire, length) = read_head(&fields, &bytes)?;
    bytes.drain(..length);
    if wire.bytes != bytes.len() as u64 || fields.hash(&wire.payload_sha256)? != sha256(&bytes) {
        return Err(fields.damaged("its checksum does not match its content"));
    }
    if (wire.topic.as_str(), wire.partition, wire.from) != (topic.name(), partition.0, from.0) {
        return Err(fields.damaged("it is of another place"));
    }
    let before = from.0.checked_sub(PIECE_RECORDS).map(|at| head(store, topic, partition, Offset(at)));
    if wire.previous != before.transpose()?.map(|head| head.own) {
        return Err(fields.damaged("it names another piece as the one before it"));
    }
    Ok(Some(Piece { topic, partition, from, to: Offset(wire.to), bytes }))
}

/// How many partitions of a topic are archived.
///
/// # Errors
/// The store failed.
pub fn archived_partitions(store: &dyn Store, topic: Topic) -> Result<u32, LakeError> {
    let found = folders(store, &format!("archive/{}", topic.name()))?;
    Ok(found
        .iter()
        .filter_map(|name| name.parse::<u32>().ok())
        .map(|partition| partition + 1)
        .max()
        .unwrap_or(0))
}

/// Behind the last archived record of a partition; 0 where there is none.
///
/// # Errors
/// The store failed, or the newest piece is damaged.
pub fn archived_to(store: &dyn Store, topic: Topic, partition: Partition) -> Result<Offset, LakeError> {
    let from = |name: &String| name.strip_suffix(END)?.parse::<u64>().ok();
    let newest = objects(store, &folder(topic, partition))?.iter().filter_map(from).max();
    match newest {
        None => Ok(Offset(0)),
        Some(from) => Ok(head(store, topic, partition, Offset(from))?.to),
    }
}

/// What the head of a piece says.
struct Head {
    to: Offset,
    /// Checksum of the head, which holds that of the frames and of the piece before: it stands for all of them.
    own: String,
}

fn head(store: &dyn Store, topic: Topic, partition: Partition, from: Offset) -> Result<Head, LakeError> {
    let path = path(topic, partition, from);
    let fields = Fields { path: &path };
    let bytes = first_line(store, &path)?;
    let (wire, length) = read_head(&fields, &bytes)?;
    Ok(Head { to: Offset(wire.to), own: hex(&sha256(&bytes[..length])) })
}

/// Long enough for any head.
const HEAD_LEN_MAX: u64 = 4_096;

fn first_line(store: &dyn Store, path: &str) -> Result<Vec<u8>, LakeError> {
    let failed = |source| StoreError::Io { action: "read", path: path.to_owned(), source };
    let mut bytes = Vec::new();
    let mut from = std::io::Read::take(store.read(path)?, HEAD_LEN_MAX);
    std::io::Read::read_to_end(&mut from, &mut bytes).map_err(failed)?;
    Ok(bytes)
}

fn read_head(fields: &Fields<'_>, bytes: &[u8]) -> Result<(WirePiece, usize), LakeError> {
    let length = bytes.iter().position(|b| *b == b'\n').ok_or_else(|| fields.damaged("it has no head"))? + 1;
    let (wire, _) = unseal::<WirePiece>(&bytes[..length]).map_err(|e| e.into_error(fields.path))?;
    Ok((wire, length))
}

fn folder(topic: Topic, partition: Partition) -> String {
    format!("archive/{}/{:05}", topic.name(), partition.0)
}

fn path(topic: Topic, partition: Partition, from: Offset) -> String {
    format!("{}/{:020}{END}", folder(topic, partition), from.0)
}
