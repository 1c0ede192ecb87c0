// The live tail of the activity page. Without it the page is a list that stands still.
const entries = document.getElementById('entries')
const live = document.getElementById('live')
const MOST = 500

const element = (name, text, className) => {
  const made = document.createElement(name)
  made.textContent = text
  if (className) made.className = className
  return made
}

const cell = (...parts) => {
  const made = document.createElement('td')
  made.append(...parts.flatMap((part, n) => (n === 0 ? [part] : [' ', part])))
  return made
}

// Text only: what strangers named is never markup.
const rowOf = (entry) => {
  const row = document.createElement('tr')
  row.dataset.id = entry.id
  const time = element('time', entry.time.replace('T', ' ').slice(0, 19))
  time.dateTime = entry.time
  const about = [entry.kind, entry.client].filter(Boolean).join(' · ')
  const end = [entry.reason, entry.durationMs === undefined ? '' : `${entry.durationMs} ms`].filter(Boolean).join(' · ')
  const fine = entry.outcome === 'succeeded' || entry.outcome === ''
  row.append(
    cell(time),
    cell(element('span', entry.who || '–'), element('span', about, 'quiet')),
    cell(element('code', entry.what), element('span', entry.about, 'quiet')),
    cell(
      element('span', entry.outcome || '–', `outcome ${fine ? 'fine-end' : 'bad-end'}`),
      element('span', end, 'quiet'),
    ),
  )
  return row
}

if (entries?.dataset.tail && 'EventSource' in globalThis) {
  const shown = new Set([...entries.querySelectorAll('tr')].map((row) => row.dataset.id))
  const source = new EventSource(entries.dataset.tail)
  source.onopen = () => {
    live.hidden = false
  }
  source.onerror = () => {
    live.hidden = true
  }
  source.onmessage = ({ data }) => {
    const entry = JSON.parse(data)
    if (shown.has(entry.id)) return
    shown.add(entry.id)
    document.getElementById('none')?.remove()
    entries.prepend(rowOf(entry))
    while (entries.children.length > MOST) entries.lastElementChild.remove()
  }
}
