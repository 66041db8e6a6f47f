/* Heads of mzML documents (mzml_head.h). */
#include "mzml_head.h"

typedef struct term {
    const char *accession, *name;
} term;

typedef struct part { /* of an instrument */
    const char *what;
    term is[2];
} part;

typedef struct maker_of {
    const char *file;
    term id_format, file_format, model;
    const char *serial;
    const char *control, *control_version; /* the program that ran it */
    term control_is;
    const char *conversion, *picking;
    part part[5];
} maker_of;

static const maker_of orbitrap = {
    .file = "bench.raw",
    .id_format = { "1000768", "Thermo nativeID format" },
    .file_format = { "1000563", "Thermo RAW format" },
    .model = { "1002523", "Q Exactive HF" },
    .serial = "Exactive Series slot #1",
    .control = "Xcalibur",
    .control_version = "2.8-280502/2.8.1.2806",
    .control_is = { "1000532", "Xcalibur" },
    .conversion = "pwiz_Reader_Thermo_conversion",
    .picking = "Thermo/Xcalibur peak picking",
    .part = { { "source", { { "1000398", "nanoelectrospray" }, { "1000485", "nanospray inlet" } } },
              { "analyzer", { { "1000081", "quadrupole" } } },
              { "analyzer", { { "1000484", "orbitrap" } } },
              { "detector", { { "1000624", "inductive detector" } } } },
};

static const maker_of swath = {
    .file = "bench.wiff",
    .id_format = { "1000770", "WIFF nativeID format" },
    .file_format = { "1000562", "ABI WIFF format" },
    .model = { "1000932", "TripleTOF 5600" },
    .serial = "BQ10151102",
    .control = "Analyst",
    .control_version = "unknown",
    .control_is = { "1000551", "Analyst" },
    .conversion = "pwiz_Reader_ABI_conversion",
    .part = { { "source", { { "1000073", "electrospray ionization" } } },
              { "analyzer", { { "1000081", "quadrupole" } } },
              { "analyzer", { { "1000081", "quadrupole" } } },
              { "analyzer", { { "1000084", "time-of-flight" } } },
              { "detector", { { "1000253", "electron multiplier" } } } },
};

static const maker_of timstof = {
    .file = "analysis.tdf",
    .id_format = { "1002818", "Bruker TDF nativeID format" },
    .file_format = { "1002817", "Bruker TDF format" },
    .model = { "1003123", "Bruker Daltonics timsTOF series" },
    .serial = "1854399.63",
    .control = "micrOTOFcontrol",
    .control_version = "6.0.110.229-14868-vc141",
    .control_is = { "1000726", "micrOTOFcontrol" },
    .conversion = "pwiz_Reader_Bruker_conversion",
    .part = { { "source", { { "1000398", "nanoelectrospray" }, { "1000485", "nanospray inlet" } } },
              { "analyzer", { { "1000081", "quadrupole" } } },
              { "analyzer", { { "1000084", "time-of-flight" } } },
              { "detector", { { "1000114", "microchannel plate detector" } } },
              { "detector", { { "1000116", "photomultiplier" } } } },
};

static const maker_of *of(instrument_kind kind)
{
    return kind == SWATH_TOF ? &swath : kind == TIMSTOF ? &timstof : &orbitrap;
}

const char *conversion_of(instrument_kind kind) { return of(kind)->conversion; }

static void cv_term(text *t, int depth, term is) { cv(t, depth, is.accession, is.name, "", NULL); }

static void put_top(text *t)
{
    put(t, "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n"
           "<indexedmzML xmlns=\"http://psi.hupo.org/ms/mzml\" "
           "xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" "
           "xsi:schemaLocation=\"http://psi.hupo.org/ms/mzml "
           "http://psidev.info/files/ms/mzML/xsd/mzML1.1.2_idx.xsd\">\n"
           "  <mzML xmlns=\"http://psi.hupo.org/ms/mzml\" "
           "xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" "
           "xsi:schemaLocation=\"http://psi.hupo.org/ms/mzml "
           "http://psidev.info/files/ms/mzML/xsd/mzML1.1.0.xsd\" "
           "id=\"bench\" version=\"1.1.0\">\n"
           "    <cvList count=\"2\">\n"
           "      <cv id=\"MS\" fullName=\"Proteomics Standards Initiative Mass Spectrometry Ontology\" "
           "version=\"4.1.117\" "
           "URI=\"https://raw.githubusercontent.com/HUPO-PSI/psi-ms-CV/master/psi-ms.obo\"/>\n"
           "      <cv id=\"UO\" fullName=\"Unit Ontology\" version=\"09:04:2014\" "
           "URI=\"https://raw.githubusercontent.com/bio-ontology-research-group/unit-ontology/master/"
           "unit.obo\"/>\n"
           "    </cvList>\n    <fileDescription>\n      <fileContent>\n");
    cv(t, 4, "1000579", "MS1 spectrum", "", NULL);
    cv(t, 4, "1000580", "MSn spectrum", "", NULL);
}

static void put_parts(text *t, const part *p)
{
    uint64_t n = 0;
    while (n < 5 && p[n].what) n++;
    put(t, "        <componentList count=\"");
    put_int(t, n);
    put(t, "\">\n");
    for (uint64_t i = 0; i < n; i++) {
        put(t, "          <");
        put(t, p[i].what);
        put(t, " order=\"");
        put_int(t, i + 1);
        put(t, "\">\n");
        for (int k = 0; k < 2 && p[i].is[k].name; k++) cv_term(t, 6, p[i].is[k]);
        put(t, "          </");
        put(t, p[i].what);
        put(t, ">\n");
    }
    put(t, "        </componentList>\n");
}

static void put_instrument(text *t, const maker_of *m)
{
    put(t,
        "      </fileContent>\n      <sourceFileList count=\"1\">\n        <sourceFile id=\"RAW1\" name=\"");
    put(t, m->file);
    put(t, "\" location=\"file:///\">\n");
    cv_term(t, 5, m->id_format);
    cv_term(t, 5, m->file_format);
    cv(t, 5, "1000569", "SHA-1", "0123456789abcdef0123456789abcdef01234567", NULL);
    put(t, "        </sourceFile>\n      </sourceFileList>\n    </fileDescription>\n"
           "    <referenceableParamGroupList count=\"1\">\n"
           "      <referenceableParamGroup id=\"CommonInstrumentParams\">\n");
    cv_term(t, 4, m->model);
    cv(t, 4, "1000529", "instrument serial number", m->serial, NULL);
    put(t, "      </referenceableParamGroup>\n    </referenceableParamGroupList>\n"
           "    <softwareList count=\"2\">\n      <software id=\"");
    put(t, m->control);
    put(t, "\" version=\"");
    put(t, m->control_version);
    put(t, "\">\n");
    cv_term(t, 4, m->control_is);
    put(t, "      </software>\n      <software id=\"pwiz\" version=\"3.0.23146\">\n");
    cv(t, 4, "1000615", "ProteoWizard software", "", NULL);
    put(t, "      </software>\n    </softwareList>\n    <instrumentConfigurationList count=\"1\">\n"
           "      <instrumentConfiguration id=\"IC1\">\n"
           "        <referenceableParamGroupRef ref=\"CommonInstrumentParams\"/>\n");
    put_parts(t, m->part);
    put(t, "        <softwareRef ref=\"");
    put(t, m->control);
    put(t, "\"/>\n      </instrumentConfiguration>\n    </instrumentConfigurationList>\n");
}

static void put_processing(text *t, const maker_of *m, bool picked)
{
    put(t, "    <dataProcessingList count=\"1\">\n      <dataProcessing id=\"");
    put(t, m->conversion);
    put(t, "\">\n        <processingMethod order=\"0\" softwareRef=\"pwiz\">\n");
    cv(t, 5, "1000544", "Conversion to mzML", "", NULL);
    put(t, "        </processingMethod>\n");
    if (picked) {
        put(t, "        <processingMethod order=\"1\" softwareRef=\"pwiz\">\n");
        cv(t, 5, "1000035", "peak picking", "", NULL);
        put(t, "          <userParam name=\"");
        put(t, m->picking);
        put(t, "\"/>\n        </processingMethod>\n");
    }
    put(t, "      </dataProcessing>\n    </dataProcessingList>\n");
}

void put_head(text *t, instrument_kind kind, bool picked, uint32_t nscan)
{
    put_top(t);
    put_instrument(t, of(kind));
    put_processing(t, of(kind), picked);
    put(t, "    <run id=\"bench\" defaultInstrumentConfigurationRef=\"IC1\" "
           "startTimeStamp=\"2024-03-11T08:00:00Z\" "
           "defaultSourceFileRef=\"RAW1\">\n      <spectrumList count=\"");
    put_int(t, nscan);
    put(t, "\" defaultDataProcessingRef=\"");
    put(t, of(kind)->conversion);
    put(t, "\">\n");
}

void put_scan_id(text *t, uint64_t number)
{
    put(t, "controllerType=0 controllerNumber=1 scan=");
    put_int(t, number);
}

void put_native_id(text *t, instrument_kind kind, const scan *s)
{
    if (kind == SWATH_TOF) {
        put(t, "sample=1 period=1 cycle=");
        put_int(t, s->cycle);
        put(t, " experiment=");
        put_int(t, s->experiment);
    } else if (kind == TIMSTOF) {
        put(t, "merged=");
        put_int(t, s->number - 1);
        put(t, " frame=");
        put_int(t, s->frame);
        put(t, " scanStart=");
        put_int(t, s->from);
        put(t, " scanEnd=");
        put_int(t, s->to);
    } else {
        put_scan_id(t, s->number);
    }
}
