// What somebody typed as the place of a repository.

/** `https://…`, `ssh://…`, `git://…` and `git@host:path` are git's and not folders. */
export function looksLikeGit(text: string): boolean {
  return /^(https?|ssh|git|git\+ssh):\/\/\S/i.test(text.trim()) || /^[\w.-]+@[\w.-]+:(?!\/\/)\S/.test(text.trim());
}

/** `/home/me/project`, `~/project`, `./project` and `C:\project` are folders and not git's. */
export function looksLikeFolder(text: string): boolean {
  return /^(\/|~|\.\.?(\/|$)|[a-z]:[\\/])/i.test(text.trim());
}

/** `~/project`: a shell would say which folder this is, the server cannot. */
export function beginsAtHome(text: string): boolean {
  return /^~(\/|$)/.test(text.trim());
}
