// files.js -- what was dropped or chosen, as a tree of files that the program sees.
//
// An entry is { path, file }, or { path } for a folder. Page and workers make the same tree of them, in Emscripten's MEMFS:
// in the page for names and sizes alone, in a worker with contents, which are read from the File where it is. Neither holds
// them: a File that is sent to a worker is a reference.
const HOME = "/files", BLOCK = 1 << 20, EIO = 29;

class Tree {
  names = []; // at the top: the program's arguments
  entries = [];
  problems = [];

  // Two folders may each have given a file of the same name.
  top(name) {
    let free = name;
    for (let i = 2; this.names.includes(free); i++) free = `${name} (${i})`;
    this.names.push(free);
    return free;
  }

  async walk(entry, path) {
    try {
      if (entry.isFile) {
        this.entries.push({ path, file: await new Promise((found, failed) => entry.file(found, failed)) });
        return;
      }
      this.entries.push({ path });
      const reader = entry.createReader();
      for (let some; (some = await new Promise((found, failed) => reader.readEntries(found, failed))).length > 0;) {
        await Promise.all(some.map((child) => this.walk(child, `${path}/${child.name}`)));
      }
    } catch (error) {
      this.problems.push(`${path}: ${error.message}`);
    }
  }
}

// Must be called while the event of the drop is handled: later it shows nothing.
export function dropped(transfer) {
  const tree = new Tree();
  const items = [...transfer.items].filter((item) => item.kind === "file");
  const walks = items.map((item) => {
    const entry = item.webkitGetAsEntry?.(), file = item.getAsFile();
    if (entry) return tree.walk(entry, tree.top(entry.name));
    if (file) tree.entries.push({ path: tree.top(file.name), file });
  });
  return Promise.all(walks).then(() => tree);
}

export function chosen(files) {
  const tree = new Tree();
  for (const file of files) {
    const path = file.webkitRelativePath, folder = path.split("/")[0];
    if (folder && !tree.names.includes(folder)) tree.names.push(folder);
    tree.entries.push({ path: path || tree.top(file.name), file });
  }
  return tree;
}

// Makes the entries in a file system, and its home the folder where the program starts.
export function mount(FS, entries, operations = () => ({})) {
  const made = new Set();
  const folder = (path) => {
    if (!made.has(path)) FS.mkdirTree(path);
    made.add(path);
  };
  folder(HOME);
  for (const { path, file } of entries) {
    const full = `${HOME}/${path}`;
    folder(file ? full.slice(0, full.lastIndexOf("/")) : full);
    if (file) {
      const node = FS.create(full, 0o444);
      node.usedBytes = file.size;
      node.stream_ops = operations(file, path);
    }
  }
  FS.chdir(HOME);
}

// How a worker reads a file, a block at a time, and tells of it: { path, read, size }, and `closed` at the end.
export function reading(FS, tell) {
  return (file, path) => {
    const reader = new FileReaderSync();
    let block = new Uint8Array(0), start = 0, told = 0;
    const news = (read, closed = false) => {
      told = performance.now();
      tell({ path, read, size: file.size, closed });
    };
    return {
      open() { news(0); },
      close() {
        block = new Uint8Array(0);
        news(file.size, true);
      },
      read(stream, buffer, offset, length, position) {
        if (position >= file.size) return 0;
        if (position < start || position >= start + block.length) {
          try {
            block = new Uint8Array(reader.readAsArrayBuffer(file.slice(position, position + BLOCK)));
          } catch { // it has changed, or gone, or may not be read
            throw new FS.ErrnoError(EIO);
          }
          start = position;
          if (performance.now() - told > 50) news(position);
        }
        const part = block.subarray(position - start, position - start + length);
        buffer.set(part, offset);
        return part.length;
      },
      llseek() { throw new FS.ErrnoError(EIO); }, // nobody does
    };
  };
}
