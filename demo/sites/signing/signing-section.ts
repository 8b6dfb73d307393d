// The part of the journal's page where the holder signs and finds what is signed. Rendered here, whole: every sentence that the page's
// script may show stands in it.
import { html, type Html } from '../html.ts';
import { type SiteLanguage } from '../site-definition.ts';
import { prescriptionName, prescriptions } from './prescriptions.ts';
import { swedishDay, type SignedDocument } from './signing-desk.ts';
import { decisions, extents, patients, type SigningKind } from './signing-forms.ts';
import { signingTexts, type SigningTexts } from './signing-texts.ts';

const week = 7 * 86_400_000;

/** @param signed the holder's, the latest first. @param maySign whether the holder has an HSA-id */
export function signingSection(
  language: SiteLanguage,
  { signed, maySign, now }: { signed: readonly SignedDocument[]; maySign: boolean; now: Date },
): Html {
  const texts = signingTexts[language];
  return html`<section
      class="panel"
      id="signing"
      aria-labelledby="signing-heading"
      data-preparing="${texts.preparing}"
      data-sending="${texts.sending}"
      data-consent="${texts.consent}"
      data-pin="${texts.pin}"
      data-working="${texts.working}"
      data-checking="${texts.checking}"
      data-done="${texts.done}"
      data-done-all="${texts.doneAll}"
      data-partly="${texts.partly}"
      data-cancelled="${texts.cancelled}"
      data-no-server="${texts.noServer}"
      data-no-extension="${texts.noExtension}"
      data-code="${texts.code}"
    >
      <h2 id="signing-heading">${texts.heading}</h2>
      <p>${maySign ? texts.intro : texts.noHsaId}</p>
      ${maySign ? forms(texts, now) : html``}
    </section>
    ${signedList(texts, signed)}`;
}

function forms(texts: SigningTexts, now: Date): Html {
  const [today, later] = [swedishDay(now), swedishDay(new Date(now.getTime() + week))];
  const certificate = html`${select('patient', texts.patient, options(patients))}
    <label
      >${texts.diagnosis}
      <input name="diagnosis" required maxlength="120" autocomplete="off" value="J06.9 Akut övre luftvägsinfektion" />
    </label>
    <label
      >${texts.assessment}
      <textarea name="assessment" rows="3" required maxlength="1000" autocomplete="off">
Feber och hosta. Kan inte utföra sitt arbete vid patient.</textarea>
    </label>
    <div class="row">
      ${select(
        'extent',
        texts.extent,
        extents.map((extent) => html`<option value="${extent}">${extent} %</option>`),
      )}
      <label>${texts.from} <input name="from" type="date" required value="${today}" /></label>
      <label>${texts.to} <input name="to" type="date" required value="${later}" /></label>
    </div>`;
  const decision = html`${select('patient', texts.patient, options(patients))}
    ${select(
      'decision',
      texts.decided,
      decisions.map((one) => html`<option value="${one}">${texts[one]}</option>`),
    )}
    <label
      >${texts.reason}
      <textarea name="reason" rows="3" required maxlength="600" autocomplete="off">
Besvären har funnits i mer än tre månader trots behandling på vårdcentralen.</textarea>
    </label>`;
  const list = html`<ul class="plain-list">
      ${prescriptions.map((prescription) => html`<li>${prescriptionName(prescription)}</li>`)}
    </ul>
    <p class="small">${texts.prescriptionsHow}</p>`;
  return html`${form(texts, 'certificate', certificate, texts.sign)} ${form(texts, 'decision', decision, texts.sign)}
  ${form(texts, 'prescriptions', list, texts.signAll)}`;
}

/** Status and problem are there from the start: a live region that comes with its words is not always read. */
function form(texts: SigningTexts, kind: SigningKind, fields: Html, button: string): Html {
  return html`<details class="to-sign" name="to-sign">
    <summary>${texts[kind]}</summary>
    <form data-kind="${kind}">
      ${fields}
      <div class="row">
        <button type="submit" class="main">${button}</button>
        <button type="button" class="cancel" hidden>${texts.cancel}</button>
      </div>
      <p class="status" role="status"></p>
      <progress class="count" hidden></progress>
      <div class="trouble" role="alert"></div>
    </form>
  </details>`;
}

function select(name: string, label: string, choices: readonly Html[]): Html {
  return html`<label
    >${label}
    <select name="${name}">
      ${choices}
    </select>
  </label>`;
}

function options(values: readonly string[]): Html[] {
  return values.map((value) => html`<option>${value}</option>`);
}

function signedList(texts: SigningTexts, signed: readonly SignedDocument[]): Html {
  const rows = signed.map(
    ({ id, name, signer, at, assuranceLevel, extension }) =>
      html`<tr>
        <th scope="row">${name}</th>
        <td>${signer}</td>
        <td><time datetime="${at.toISOString()}">${clinicTime(at)}</time></td>
        <td>${assuranceLevel}</td>
        <td>
          <a href="/signed/${id}" download aria-label="${texts.download} ${name} (${extension})">${texts.download}</a>
        </td>
      </tr>`,
  );
  const table = html`<table>
    <thead>
      <tr>
        <th scope="col">${texts.document}</th>
        <th scope="col">${texts.signer}</th>
        <th scope="col">${texts.time}</th>
        <th scope="col">${texts.level}</th>
        <td></td>
      </tr>
    </thead>
    <tbody>
      ${rows}
    </tbody>
  </table>`;
  return html`<section class="panel" id="signed" aria-labelledby="signed-heading">
    <h2 id="signed-heading">${texts.signed}</h2>
    ${rows.length === 0 ? html`<p class="small">${texts.nothing}</p>` : table}
  </section>`;
}

/** In the form that both languages' readers know from the clinic. */
function clinicTime(time: Date): string {
  const style = { dateStyle: 'short', timeStyle: 'short', timeZone: 'Europe/Stockholm' } as const;
  return new Intl.DateTimeFormat('sv-SE', style).format(time);
}
