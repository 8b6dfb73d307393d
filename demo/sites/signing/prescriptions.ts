// The prescriptions that wait for whoever logs in: five of them, as text. Patients and medicines are invented.
import { type Author } from './sick-leave.ts';

interface Prescription {
  readonly patient: string;
  readonly medicine: string;
  readonly dosage: string;
  readonly amount: string;
}

export const prescriptions: readonly Prescription[] = [
  {
    patient: 'Doris Demosson',
    medicine: 'Exempelmedicin 5 mg',
    dosage: '1 tablett varje morgon',
    amount: '98 tabletter',
  },
  { patient: 'Doris Demosson', medicine: 'Påhittol 20 mg', dosage: '1 kapsel vid behov', amount: '30 kapslar' },
  {
    patient: 'Efraim Exempelberg',
    medicine: 'Testatin 10 mg',
    dosage: '1 tablett varje kväll',
    amount: '98 tabletter',
  },
  { patient: 'Frida Fiktiv', medicine: 'Provsalva 1 %', dosage: 'tunt lager två gånger om dagen', amount: '50 g' },
  { patient: 'Frida Fiktiv', medicine: 'Demodroppar', dosage: '2 droppar i vardera ögat', amount: '10 ml' },
];

export function prescriptionName({ patient, medicine }: Prescription): string {
  return `Recept – ${patient}, ${medicine}`;
}

/** @param day of prescribing, YYYY-MM-DD */
export function prescriptionText(
  { patient, medicine, dosage, amount }: Prescription,
  author: Author,
  day: string,
): string {
  return [
    'RECEPT',
    '',
    `Patient: ${patient}`,
    `Läkemedel: ${medicine}`,
    `Dosering: ${dosage}`,
    `Mängd: ${amount}`,
    `Förskrivare: ${author.name}, ${author.hsaId}, ${author.organisation}`,
    `Datum: ${day}`,
    '',
  ].join('\n');
}
