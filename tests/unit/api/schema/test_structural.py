"""Structural validation in the decoder's words."""

from __future__ import annotations

import pytest

from webapp.api.schema.structural import validate_structure


def deployment(**spec):
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "x"}, "spec": spec}


def pod_template(**container):
    return {"spec": {"containers": [{"name": "web", **container}]}}


def report_of(obj):
    return validate_structure("apps", "v1", "Deployment", obj)


def test_a_well_formed_object_passes_as_it_is():
    """The very object comes back."""
    obj = deployment(replicas=1, template=pod_template(resources={"limits": {"cpu": "1"}}))

    assert report_of(obj) == ("", (), obj)
    assert report_of(obj).object is obj


def test_unknown_fields_are_named_by_path_and_left_out():
    """With indexes, in the object's order."""
    report = report_of(deployment(replcas=1, template=pod_template(imagee="x", image="y")))

    assert report.unknown_fields == (
        'unknown field "spec.replcas"',
        'unknown field "spec.template.spec.containers[0].imagee"',
    )
    assert report.object == deployment(template=pod_template(image="y"))


@pytest.mark.parametrize(
    ("spec", "error"),
    [
        (
            {"replicas": "3"},
            "json: cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas of type int32",
        ),
        (
            {"replicas": 1.5},
            "json: cannot unmarshal number 1.5 into Go struct field DeploymentSpec.spec.replicas of type int32",
        ),
        (
            {"replicas": 2**40},
            "json: cannot unmarshal number 1099511627776 into Go struct field DeploymentSpec.spec.replicas of type int32",
        ),
        (
            {"template": {"metadata": {"labels": {"a": 1}}}},
            "json: cannot unmarshal number into Go struct field ObjectMeta.spec.template.metadata.labels of type string",
        ),
        (
            {"template": {"metadata": {"labels": ["a"]}}},
            "json: cannot unmarshal array into Go struct field ObjectMeta.spec.template.metadata.labels of type map[string]string",
        ),
        (
            {"template": {"spec": {"containers": {}}}},
            "json: cannot unmarshal object into Go struct field PodSpec.spec.template.spec.containers of type []v1.Container",
        ),
        (
            {"template": pod_template(ports=[80])},
            "json: cannot unmarshal number into Go struct field Container.spec.template.spec.containers.ports of type v1.ContainerPort",
        ),
        (
            {"template": pod_template(livenessProbe=[])},
            "json: cannot unmarshal array into Go struct field Container.spec.template.spec.containers.livenessProbe of type v1.Probe",
        ),
        (
            {"template": pod_template(env=[{"name": "A", "value": True}])},
            "json: cannot unmarshal bool into Go struct field EnvVar.spec.template.spec.containers.env.value of type string",
        ),
        (
            {"template": pod_template(resources={"limits": {"cpu": "12x"}})},
            "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'",
        ),
        (
            {"template": {"metadata": {"creationTimestamp": "soon"}}},
            'parsing time "soon" as "2006-01-02T15:04:05Z07:00": cannot parse "soon" as "2006"',
        ),
    ],
)
def test_wrong_types_are_reported_as_the_decoder_reports_them(spec, error):
    """Struct, path without indexes, and Go's type."""
    assert report_of(deployment(**spec)).type_error == error


def test_nulls_are_left_out():
    """A null field is an unset one; a null entry of a map of texts is an empty text."""
    obj = deployment(
        paused=None, template={"metadata": {"creationTimestamp": None, "labels": {"a": None}}}
    )

    report = report_of(obj)

    assert (report.type_error, report.unknown_fields) == ("", ())
    assert report.object == deployment(template={"metadata": {"labels": {"a": ""}}})


@pytest.mark.parametrize(
    ("text", "fault"),
    [("YWJj", ""), ("YWI=", ""), ("YW=j", "3"), ("a!", "1"), ("YWJjZ", "4"), ("YQ==x", "4")],
)
def test_secret_data_must_be_base64(text, fault):
    """The message tells at which byte Go's decoder stumbles."""
    secret = {"apiVersion": "v1", "kind": "Secret", "data": {"a": text}}

    error = validate_structure("", "v1", "Secret", secret).type_error

    assert error == (f"illegal base64 data at input byte {fault}" if fault else "")


def test_known_trees_are_not_walked_again():
    """What is the same tree as in the stored object passed before."""
    bad_spec = {"replicas": "three"}
    stored, wanted = deployment(), deployment()
    stored["spec"] = wanted["spec"] = bad_spec

    assert validate_structure("apps", "v1", "Deployment", wanted, stored).type_error == ""


def test_kinds_without_definition_may_contain_anything():
    """Custom kinds are not judged."""
    assert validate_structure("example.com", "v1", "Widget", {"a": [1, {}]}).unknown_fields == ()


def test_a_body_that_is_no_object_has_the_wrong_type():
    """The message names the kind's Go type."""
    assert validate_structure("", "v1", "Pod", []).type_error == (
        "json: cannot unmarshal array into Go value of type v1.Pod"
    )


def test_definitions_that_contain_themselves_are_walked():
    """A CustomResourceDefinition's schema has schemas below it, and a property called $ref."""
    schema = {
        "type": "object",
        "properties": {"a": {"$ref": "#/x", "properties": {"b": {"tipe": "string"}}}},
    }
    version = {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}
    crd = {"spec": {"group": "g", "versions": [version]}}

    report = validate_structure("apiextensions.k8s.io", "v1", "CustomResourceDefinition", crd)

    assert report.unknown_fields == (
        'unknown field "spec.versions[0].schema.openAPIV3Schema.properties.a.properties.b.tipe"',
    )
